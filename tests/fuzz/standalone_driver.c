/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replays files, or all files of folders, through a fuzz target: a corpus as a test. */

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (file == NULL || stat(path, &st) != 0) {
        perror(path);
        return -1;
    }
    /* Exactly as large as the input: a read behind its end is found. */
    uint8_t *data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
    size_t size = data == NULL ? 0 : fread(data, 1, (size_t)st.st_size, file);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int replay_folder(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        perror(path);
        return -1;
    }
    int n = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char name[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (replay_file(name) < 0) {
            n = -1;
            break;
        }
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool is_folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        int n = is_folder ? replay_folder(argv[i]) : replay_file(argv[i]);
        if (n <= 0) {
            (void)fprintf(stderr, "%s: %s\n", argv[i], n == 0 ? "no inputs" : "failed");
            return 1;
        }
        (void)printf("%s: %d inputs\n", argv[i], n);
    }
    return 0;
}

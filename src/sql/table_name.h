/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NLT_SQL_TABLE_NAME_H
#define NLT_SQL_TABLE_NAME_H

/* Names that a user gives to the tables of a statement. */

#include "netlytics/base.h"

enum { NLT_TABLE_NAME_MAX = 63 };

/* A name that every dialect takes without quotes: a letter or '_', then letters, digits and '_'; no
 * reserved word, nothing that the gate refuses, and not "netlytics_...", which plans use themselves.
 * NLT_ERR_ARG says why not. */
NLT_API nlt_status nlt__table_name_check(const char *name, nlt_error *err) NLT_MUST_CHECK;

#endif

# SPDX-License-Identifier: GPL-3.0-or-later
"""spark-submit run_job.py ...: `netlytics job` on Apache Spark."""

import sys

from netlytics.spark_main import main

sys.exit(main("job"))

/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NETLYTICS_NETLYTICS_H
#define NETLYTICS_NETLYTICS_H

/** All of the public interface. */

#include "netlytics/arrow.h"
#include "netlytics/base.h"
#include "netlytics/catalog.h"
#include "netlytics/dataset.h"
#include "netlytics/probe.h"
#include "netlytics/session.h"
#include "netlytics/storage.h"
#include "netlytics/table.h"

#endif

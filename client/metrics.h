/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "model.h"

/**
 * Print the host as metrics: text that both OpenMetrics 1.0 and the older text format of Prometheus
 * (version 0.0.4) take, for node_exporter's textfile collector reads only the latter. That is why
 * there are gauges only: stateset and info exist in one, untyped in the other.
 */
void metrics_print(FILE *out, const Host *host, const Model *model);
/** What there is to say when nobody answers. */
void metrics_print_down(FILE *out);

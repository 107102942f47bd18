// SPDX-License-Identifier: MIT
// What was taken out is not all as it was: said path by path.
#pragma once

#include "apps/common/messages.h"
#include "libfs/ops/extract/report.h"

#include <CLI/CLI.hpp>

namespace btrkit::apps {

/// --bad skip|zero|raw.
void add_bad_option(CLI::App& app, extract::Bad& bad);

/// An error for each path, of the first ones; of what: the image or stream.
void tell_troubles(const extract::Report& report, extract::Bad bad, std::string_view of_what, Messages& messages);

} // namespace btrkit::apps

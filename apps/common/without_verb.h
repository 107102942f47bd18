// SPDX-License-Identifier: MIT
// What a tool with verbs does where its first argument is none of them.
#pragma once

#include "apps/common/io_layer.h"

#include <string>

namespace btrkit::apps {

/// Prints the list of verbs where help is asked for, the version where that is, and else what is wrong. Returns the
/// exit status.
int run_without_verb(std::string_view tool, std::string list_of_verbs, std::span<const std::string> arguments, Io& io);

} // namespace btrkit::apps

// SPDX-License-Identifier: MIT
// btrkit: lists the tools and runs one.
#pragma once

#include "apps/common/io_layer.h"

#include <functional>

namespace btrkit::apps {

/// Where the tools are and how one is started.
struct ToolBox {
    std::string folder; ///< with the executables
    /// Becomes the program at path with these arguments (its name first); returns only where that fails.
    std::function<Error(const std::string& path, const std::vector<std::string>& arguments)> become;
};

/// `btrkit VERB ARGUMENTS` becomes `btrkit-VERB ARGUMENTS`. Without a verb lists the tools that are in the folder.
/// Exit status: that of the tool; 2 for an unknown verb, 1 where the tool can't be started.
int run_btrkit(std::span<const std::string> arguments, Io& io, const ToolBox& tools);

/// The tools that are beside this executable, started by exec().
ToolBox tools_beside_this();

} // namespace btrkit::apps

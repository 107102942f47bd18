// SPDX-License-Identifier: MIT
// What to do next, by what was found.
#pragma once

#include "libfs/survey/findings.h"

#include <string>
#include <vector>

namespace btrkit::apps {

/// " a.img 'b c.img'": for commands that take all images as operands.
std::string images_for_shell(const std::vector<std::string>& images);
/// " a.img --member 'b c.img'": for those that take one.
std::string members_for_shell(const std::vector<std::string>& images);

/// One line, a command where there is one; empty: there is nothing to do. kernel_reads: a kernel will mount it, but
/// only read-only.
std::string next_step(const survey::Findings& findings, const std::vector<std::string>& images, bool kernel_reads);

} // namespace btrkit::apps

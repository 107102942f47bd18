// SPDX-License-Identifier: MIT
// -r and -R: where the roots of trees are, and what stands behind all trees, as text and as lines of JSON.
#pragma once

#include "libfs/ops/dump/dump_tree.h"

namespace btrkit::dump_tree {

/// The line of one tree, whose level is known. heading: what the text form begins with.
std::string root_line(const Options& options, std::string_view heading, const TreeRoot& root);

/// The backup roots where they are asked for, then the sizes and the uuid.
std::string closing_lines(const Options& options, const btrfs::Superblock& super);

} // namespace btrkit::dump_tree

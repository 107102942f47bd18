// SPDX-License-Identifier: MIT
// -b with --copies, and -b of a block of which no copy is good: what stands in each copy, good or bad.
#pragma once

#include "libfs/ops/dump/block_renderer.h"

namespace btrkit::dump_tree {

enum class WhichCopies {
    all,
    first_readable, ///< one that is a tree block at least, if there is one
};

/// Before each copy a line (of JSON, in that form; none in the form of lines) that says where it stands and what is
/// wrong with it, then the block as far as it makes sense: nothing where it is no tree block at all. problems: all that
/// speaks against the copies.
std::string show_copies(const Filesystem& filesystem, const Options& options, Logical address, WhichCopies which,
                        Counts& counts, Problems& problems);

/// Why no tree block is to be expected there, in one line; empty where one may be, or the address is in no chunk.
std::string why_no_block(const Filesystem& filesystem, Logical address);

} // namespace btrkit::dump_tree

// SPDX-License-Identifier: MIT
#include "libfs/tree/seal_block.h"

#include "libfs/base/checksum.h"
#include "libfs/tree/item_check.h"

namespace btrkit {

Result<void> seal_block(const BuiltBlock& block, MutableBytes bytes, const Geometry& geometry, BadItems bad_items) {
    const auto csum = checksum(geometry.csum_type, bytes.subspan(btrfs::max_csum_size));
    std::memcpy(bytes.data(), csum.data(), csum.size());
    Problems problems;
    const Promise promise = {.address = block.address, .level = block.level, .tree = block.tree};
    const auto proven = TreeBlock::prove(bytes, geometry, promise, problems);
    if (!problems.empty()) {
        return fail_as_bug("a tree block that was about to be written is wrong: " + describe(problems.front()));
    }
    if (proven && bad_items == BadItems::refused) {
        check_items(*proven, geometry, block.tree, problems);
    }
    // Most items of a block were in the one that it takes the place of.
    return problems.empty() ? Result<void>{}
                            : fail(ErrorKind::damaged,
                                   "a block with an impossible item is not written: " + describe(problems.front()) +
                                       "; run btrkit-check, and report it if that finds nothing");
}

} // namespace btrkit

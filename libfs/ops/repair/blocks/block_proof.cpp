// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/blocks/block_proof.h"

#include "libfs/base/checksum.h"
#include "libfs/tree/item_check.h"

#include <cstring>

namespace btrkit::repair {

bool has_right_checksum(const Geometry& geometry, Bytes block) {
    return checksum_matches(geometry.csum_type, block.subspan(btrfs::max_csum_size), BlockView(block).header().csum);
}

void seal(const Geometry& geometry, Block& block) {
    const auto csum = checksum(geometry.csum_type, Bytes(block).subspan(btrfs::max_csum_size));
    std::memcpy(block.data(), csum.data(), csum.size());
}

u64 possible_flags(u64 flags, const Geometry& geometry) {
    const u64 revision = geometry.has_incompat(btrfs::incompat_mixed_backref)
                             ? btrfs::flag_bit(btrfs::header_backref_revision_shift)
                             : flags & ~btrfs::header_flags_mask;
    return (flags & btrfs::header_flag_reloc) | btrfs::header_flag_written | revision;
}

std::optional<TreeBlock> BlockProof::prove(Block& block, Problems& problems) const {
    seal(*geometry_, block);
    return TreeBlock::prove(block, *geometry_, *promise_, problems);
}

std::size_t BlockProof::count_broken(const Block& block) const {
    Block whole = block;
    Problems problems;
    return prove(whole, problems) ? 0 : problems.size();
}

std::optional<Problems> BlockProof::problems_of(const Block& block) const {
    Block whole = block;
    Problems problems;
    const auto proven = prove(whole, problems);
    if (!proven) {
        return std::nullopt;
    }
    check_items(*proven, *geometry_, *promise_->tree, problems);
    return problems;
}

bool BlockProof::is_sound(const Block& block) const {
    const auto problems = problems_of(block);
    const u64 flags = BlockView(block).header().flags;
    return problems && problems->empty() && flags == possible_flags(flags, *geometry_);
}

} // namespace btrkit::repair

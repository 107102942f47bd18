// SPDX-License-Identifier: MIT
#include "libfs/tree/block_cache.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Two paths from the root to a leaf.
constexpr std::size_t fewest_blocks = 2 * std::size_t{btrfs::max_level_count};

/// Whether a block that was proven for one promise keeps another one for the same address: what check_header() and
/// check_structure() (tree_block.h) make depend on the promise.
bool also_keeps(const TreeBlock& block, const Promise& promise) {
    const auto& header = block.header();
    const u32 count = block.count();
    if (promise.generation && *promise.generation != header.generation) {
        return false;
    }
    if (promise.level && *promise.level != header.level) {
        return false;
    }
    if (promise.tree && !owner_allowed(header.owner, *promise.tree)) {
        return false;
    }
    if (promise.first_key && (count == 0 || block.key(0) != *promise.first_key)) {
        return false;
    }
    return !promise.end || count == 0 || block.key(count - 1) < *promise.end;
}

/// What is lost, and what is wrong with the copy that was looked at last.
std::unexpected<Error> lost(const Promise& promise, const Problems& problems) {
    auto message = describe(lost_range({.promise = promise}));
    if (!problems.empty()) {
        message += fmt::format("; {}", describe(problems.back()));
    }
    return fail(ErrorKind::damaged, std::move(message));
}

} // namespace

BlockCache::BlockCache(const BlockReader& reader, std::size_t most_bytes)
    : reader_(&reader), most_blocks_(std::max(most_bytes / reader.nodesize(), fewest_blocks)) {}

Result<BlockCache::Block> BlockCache::get(const Promise& promise) {
    const auto found = by_address_.find(promise.address.bytenr);
    if (found != by_address_.end() && also_keeps(found->second->block->block(), promise)) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->block;
    }
    auto block = std::make_shared<const OwnedBlock>(*reader_, promise);
    if (!block->is_proven()) {
        return lost(promise, block->problems());
    }
    keep(promise.address.bytenr, block);
    return block;
}

void BlockCache::keep(u64 address, const Block& block) {
    if (const auto found = by_address_.find(address); found != by_address_.end()) {
        found->second->block = block;
        entries_.splice(entries_.begin(), entries_, found->second);
        return;
    }
    if (entries_.size() == most_blocks_) {
        by_address_.erase(entries_.back().address);
        entries_.pop_back();
    }
    entries_.push_front({.address = address, .block = block});
    by_address_.emplace(address, entries_.begin());
}

void BlockCache::prefetch(std::span<const Logical> addresses) const {
    std::vector<Logical> missing;
    missing.reserve(addresses.size());
    std::ranges::copy_if(addresses, std::back_inserter(missing),
                         [&](Logical address) { return !by_address_.contains(address.bytenr); });
    reader_->volume().prefetch(missing, reader_->nodesize());
}

} // namespace btrkit

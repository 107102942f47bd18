// SPDX-License-Identifier: MIT
#include "libfs/tree/block_cache.h"

#include <fmt/format.h>

namespace btrkit {

namespace {

/// Two paths from the root to a leaf.
constexpr std::size_t fewest_blocks = 2 * std::size_t{btrfs::max_level_count};

/// What is lost, and what is wrong with the copy that was looked at last.
std::unexpected<Error> lost(const Promise& promise, const Problems& problems) {
    auto message = describe(lost_range(promise));
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
    if (found != by_address_.end() && keeps(facts_of(found->second->block->block()), promise)) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return found->second->block;
    }
    ++read_count_;
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

void BlockCache::forget(u64 address) {
    if (const auto found = by_address_.find(address); found != by_address_.end()) {
        entries_.erase(found->second);
        by_address_.erase(found);
    }
}

void BlockCache::prefetch(std::span<const Logical> addresses) const {
    std::vector<Logical> missing;
    missing.reserve(addresses.size());
    std::ranges::copy_if(addresses, std::back_inserter(missing),
                         [&](Logical address) { return !by_address_.contains(address.bytenr); });
    reader_->volume().prefetch(missing, reader_->nodesize());
}

} // namespace btrkit

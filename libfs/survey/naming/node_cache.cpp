// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/node_cache.h"

namespace btrkit::survey {

NodeCache::Block NodeCache::get(const Promise& promise) {
    if (is_exhausted()) {
        return nullptr;
    }
    ++looks_;
    const u64 address = promise.address.bytenr;
    if (const auto place = places_.find(address); place != places_.end()) {
        entries_.splice(entries_.begin(), entries_, place->second);
        return place->second->block;
    }
    ++reads_;
    auto block = std::make_shared<const OwnedBlock>(reader_, promise);
    if (entries_.size() >= most_) {
        places_.erase(entries_.back().address);
        entries_.pop_back();
    }
    entries_.push_front({.address = address, .block = block->is_proven() ? std::move(block) : nullptr});
    places_.emplace(address, entries_.begin());
    return entries_.front().block;
}

u32 child_slot(const BlockView& node, const btrfs::Key& key) {
    u32 low = 0;
    u32 high = node.count();
    while (high - low > 1) {
        const u32 middle = low + (high - low) / 2;
        (node.key(middle) <= key ? low : high) = middle;
    }
    return low;
}

BlockRef child_ref(const BlockView& node, u32 slot) {
    const auto& pointer = node.pointer(slot);
    return {.promise = {.address = {pointer.blockptr},
                        .generation = pointer.generation,
                        .level = static_cast<u8>(node.header().level - 1),
                        .first_key = node.key(slot)}};
}

} // namespace btrkit::survey

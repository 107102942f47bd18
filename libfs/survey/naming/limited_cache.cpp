// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/limited_cache.h"

namespace btrkit::survey {

BlockCache::Block LimitedCache::get(const Promise& promise) {
    if (is_exhausted()) {
        return nullptr;
    }
    looks_.spend(1);
    const u64 address = promise.address.bytenr;
    if (const auto lost = lost_.find(address); lost != lost_.end() && lost->second == promise) {
        return nullptr;
    }
    const u64 reads_before = cache_.read_count();
    auto block = cache_.get(promise);
    reads_.spend(cache_.read_count() - reads_before);
    if (!block) {
        lost_.insert_or_assign(address, promise);
        return nullptr;
    }
    return std::move(*block);
}

Promise child_on_way(const TreeBlock& node, const btrfs::Key& key, const Promise& promise_of_node) {
    return child_promise(node, child_slot(node, key), {.end = promise_of_node.end});
}

} // namespace btrkit::survey

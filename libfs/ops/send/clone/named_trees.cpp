// SPDX-License-Identifier: MIT
#include "libfs/ops/send/clone/named_trees.h"

namespace btrkit::send::clone {

NamedTree* NamedTrees::get(u64 id) {
    auto place = trees_.find(id);
    if (place == trees_.end()) {
        if (trees_.size() >= most) {
            trees_.clear();
        }
        place = trees_.emplace(id, std::nullopt).first;
        if (const auto found = filesystem_->find_tree(id)) {
            place->second = NamedTree{.root = found->block, .items = TreeSearch(*cache_, found->block)};
        }
    }
    return place->second ? &*place->second : nullptr;
}

std::optional<u64> block_on_way(BlockCache& cache, const Promise& root, const btrfs::Key& key, u8 level) {
    Promise at = root;
    if (!at.level || *at.level < level) {
        return std::nullopt;
    }
    while (*at.level > level) {
        const auto block = cache.get(at);
        if (!block) {
            return std::nullopt;
        }
        const auto& node = (*block)->block();
        at = child_promise(node, child_slot(node, key), at);
    }
    return at.address.bytenr;
}

} // namespace btrkit::send::clone

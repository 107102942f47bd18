// SPDX-License-Identifier: MIT
#include "libfs/tree/promise.h"

#include "formats/btrfs/flags.h"
#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit {

u32 next_ascending_slot(const BlockView& block, u32 slot) {
    const auto key = block.key(slot);
    do {
        ++slot;
    } while (slot < block.count() && block.key(slot) <= key);
    return slot;
}

Promise child_promise(const BlockView& node, u32 slot, const Promise& promise_of_node) {
    const auto& pointer = node.pointer(slot);
    auto end = promise_of_node.end;
    if (const u32 next = next_ascending_slot(node, slot); next < node.count()) {
        end = end ? std::min(*end, node.key(next)) : node.key(next);
    }
    return {.address = {pointer.blockptr},
            .generation = pointer.generation,
            .level = static_cast<u8>(node.header().level - 1),
            .tree = promise_of_node.tree,
            .first_key = pointer.key.to_key(),
            .end = end};
}

BlockFacts facts_of(const BlockView& block) {
    const auto& header = block.header();
    BlockFacts facts{.generation = header.generation,
                     .owner = header.owner,
                     .level = header.level,
                     .is_relocated = (header.flags & btrfs::header_flag_reloc) != 0};
    if (const u32 count = block.count(); count > 0) {
        facts.first_key = block.key(0);
        facts.last_key = block.key(count - 1);
        facts.is_empty = false;
    }
    return facts;
}

BrokenParts broken_parts(const Promise& promise, const BlockFacts& facts) {
    return {.generation = promise.generation && *promise.generation != facts.generation,
            .level = promise.level && *promise.level != facts.level,
            .owner = promise.tree && !owner_allowed(facts.owner, *promise.tree),
            .first_key = promise.first_key && (facts.is_empty || *promise.first_key != facts.first_key),
            .end = promise.end && !facts.is_empty && facts.last_key >= *promise.end};
}

Problem lost_range(const Promise& promise) {
    std::string keys;
    if (promise.first_key) {
        keys = fmt::format("keys from {} ", key_text(*promise.first_key));
        keys +=
            promise.end ? fmt::format("up to but not including {}", key_text(*promise.end)) : "to the end of the tree";
    } else {
        keys = "the whole tree";
    }
    const KeyRange lost{.first = promise.first_key.value_or(btrfs::Key::min()), .end = promise.end};
    return {ProblemCode::block_lost, {.logical = promise.address, .tree = promise.tree, .keys = lost}, keys};
}

bool owner_allowed(u64 owner, u64 tree) {
    if (is_subvolume(tree)) {
        return is_subvolume(owner);
    }
    if (tree == btrfs::tree_reloc_id) {
        return owner == tree || owner == btrfs::data_reloc_tree_id || is_subvolume(owner);
    }
    return owner == tree;
}

} // namespace btrkit

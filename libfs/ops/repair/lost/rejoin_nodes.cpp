// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/rejoin_nodes.h"

#include "libfs/ops/repair/lost/families.h"
#include "libfs/tree/cursor.h"

#include <ranges>

namespace btrkit::repair {

namespace {

/// False where part of the extent tree is lost.
bool gather_children(const Filesystem& filesystem, const TreeRoot& extents, Families& families) {
    Cursor cursor(filesystem.reader(), extents.block);
    std::optional<Extent> extent;
    for (bool is_there = cursor.seek({}); is_there; is_there = cursor.next()) {
        if (const auto begun = parse_extent(cursor.key(), cursor.data(), filesystem.geometry())) {
            extent = begun->is_data() ? std::nullopt : begun;
            InlineRefs refs(inline_refs_of(*begun, cursor.key(), cursor.data()));
            for (auto ref = refs.next(); ref && extent; ref = refs.next()) {
                families.add(*extent, *ref);
            }
        } else if (extent && cursor.key().objectid == extent->bytenr && is_keyed_ref(cursor.key().type)) {
            if (const auto ref = decode_keyed_ref(cursor.key(), cursor.data())) {
                families.add(*extent, *ref);
            }
        }
    }
    return !cursor.missed_items();
}

std::optional<MendedBlock> joined(LostBlock lost, std::span<const std::pair<const btrfs::Key, Child>* const> children,
                                  const BlockMaker& maker, u32 nodesize) {
    OpenBlock node(nodesize);
    const Child* before = nullptr;
    for (const auto* each : children) {
        const auto& [first_key, child] = *each;
        if (!node.has_room_for_pointer() || (before != nullptr && first_key <= before->last_key)) {
            return std::nullopt;
        }
        node.add_pointer(first_key, child.address, child.generation);
        before = &child;
    }
    return node.is_empty() ? std::nullopt : maker.make(lost, node, "all of a node, which its children tell");
}

/// Children in the order of keys, as many to each node.
void join_family(const Family& family, const BlockMaker& maker, u32 nodesize, Siblings siblings,
                 std::vector<MendedBlock>& made) {
    std::vector<const std::pair<const btrfs::Key, Child>*> rest;
    rest.reserve(family.children.size());
    for (const auto& child : family.children) {
        rest.push_back(&child);
    }
    std::span left(rest);
    for (std::size_t i = 0; i < family.nodes.size(); ++i) {
        auto lost = family.nodes[i];
        if (siblings != Siblings::all) {
            lost.promise.first_key.reset();
        }
        const auto part = left.first(left.size() / (family.nodes.size() - i));
        left = left.subspan(part.size());
        auto node = joined(lost, part, maker, nodesize);
        if (!node) {
            continue;
        }
        if (family.parent != nullptr) {
            family.parent->children[part.front()->first] = {node->address, *lost.promise.generation,
                                                            part.back()->second.last_key};
        }
        made.push_back(std::move(*node));
    }
}

} // namespace

std::vector<MendedBlock> rejoin_nodes(const Filesystem& filesystem, std::span<const LostBlock> lost,
                                      Siblings siblings) {
    Families families(filesystem, lost);
    const auto extents = filesystem.find_tree(btrfs::extent_tree_id);
    if (families.empty() || !extents) {
        return {};
    }
    const bool is_complete = gather_children(filesystem, *extents, families);
    while (siblings == Siblings::readable && families.go_down()) {
        gather_children(filesystem, *extents, families);
    }
    const BlockMaker maker(filesystem);
    std::vector<MendedBlock> made;
    for (const auto& family : families.all() | std::views::reverse) {
        if (siblings == Siblings::readable || (is_complete && family.known <= siblings)) {
            join_family(family, maker, filesystem.geometry().nodesize, siblings, made);
        }
    }
    return made;
}

} // namespace btrkit::repair

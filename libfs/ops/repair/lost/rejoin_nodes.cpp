// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/rejoin_nodes.h"

#include "libfs/space/extent_item.h"
#include "libfs/tree/cursor.h"
#include "libfs/tree/extent_ref.h"

#include <map>

namespace btrkit::repair {

namespace {

struct Child {
    Logical address;
    u64 generation = 0;
    btrfs::Key last_key;
};

/// A lost node, and what is known of its children.
struct Family {
    const LostBlock* node = nullptr;
    std::map<btrfs::Key, Child> children; ///< by first key
    Siblings known = Siblings::all;

    bool holds(const BlockFacts& facts) const {
        const auto& promise = node->promise;
        return (!promise.first_key || *promise.first_key <= facts.first_key) &&
               (!promise.end || facts.last_key < *promise.end);
    }
};

class Families {
public:
    Families(const Filesystem& filesystem, std::span<const LostBlock> lost) : filesystem_(&filesystem) {
        for (const auto& block : lost) {
            if (block.level() > 0) {
                families_.push_back({.node = &block, .children = {}});
            }
        }
        for (auto& family : families_) {
            by_address_.emplace(family.node->promise.address.bytenr, &family);
            by_owner_.emplace(std::pair(family.node->likely_owner(), family.node->level()), &family);
        }
    }

    bool empty() const { return families_.empty(); }
    const std::vector<Family>& all() const { return families_; }

    void add(const Extent& extent, const ExtentRef& ref) {
        if (ref.type == btrfs::item_type::shared_block_ref) {
            const auto family = by_address_.find(ref.parent);
            if (family != by_address_.end() && family->second->node->level() == extent.level + 1) {
                add_to({&family->second, 1}, extent);
            }
        } else if (ref.type == btrfs::item_type::tree_block_ref) {
            std::vector<Family*> same_owner;
            const auto [begin, end] = by_owner_.equal_range(std::pair(ref.root, static_cast<u8>(extent.level + 1)));
            for (auto family = begin; family != end; ++family) {
                same_owner.push_back(family->second);
            }
            add_to(same_owner, extent);
        }
    }

private:
    /// To the one of them in whose range of keys it lies; to none, if it is another node's.
    void add_to(std::span<Family* const> families, const Extent& extent) {
        if (families.empty()) {
            return;
        }
        const Promise promise = {.address = {extent.bytenr}, .generation = extent.generation, .level = extent.level};
        const OwnedBlock block(filesystem_->reader(), promise);
        const bool is_read = block.is_proven() && block.block().count() > 0;
        const auto facts = is_read ? std::optional(facts_of(block.block())) : likely_facts(promise);
        const auto known = is_read ? Siblings::all : facts ? Siblings::likely : Siblings::readable;
        for (auto* family : families) {
            if (facts && family->holds(*facts)) {
                family->children[facts->first_key] = {{extent.bytenr}, facts->generation, facts->last_key};
            }
            if (!facts || family->holds(*facts)) {
                family->known = std::max(family->known, known);
            }
        }
    }

    /// Of a copy whose checksum is wrong, and that seems to be the block all the same.
    std::optional<BlockFacts> likely_facts(const Promise& promise) const {
        std::vector<std::byte> bytes(filesystem_->geometry().nodesize);
        for (unsigned mirror = 1; mirror <= filesystem_->volume().mirror_count(promise.address); ++mirror) {
            if (!filesystem_->volume().read(promise.address, bytes, mirror)) {
                continue;
            }
            const BlockView block(bytes);
            const auto facts = facts_of(block);
            if (filesystem_->geometry().owns_fsid(block.header().fsid) && block.count() > 0 &&
                block.header().bytenr == promise.address.bytenr && facts.level == *promise.level &&
                facts.generation == *promise.generation && facts.first_key <= facts.last_key) {
                return facts;
            }
        }
        return std::nullopt;
    }

    const Filesystem* filesystem_;
    std::vector<Family> families_;
    std::map<u64, Family*> by_address_;
    std::multimap<std::pair<u64, u8>, Family*> by_owner_;
};

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

std::optional<MendedBlock> joined(const Family& family, const BlockMaker& maker, u32 nodesize, Siblings siblings) {
    OpenBlock node(nodesize);
    const Child* before = nullptr;
    for (const auto& [first_key, child] : family.children) {
        if (!node.has_room_for_pointer() || (before != nullptr && first_key <= before->last_key)) {
            return std::nullopt;
        }
        node.add_pointer(first_key, child.address, child.generation);
        before = &child;
    }
    auto lost = *family.node;
    if (siblings != Siblings::all) {
        lost.promise.first_key.reset();
    }
    return node.is_empty() ? std::nullopt : maker.make(lost, node, "all of a node, which its children tell");
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
    const BlockMaker maker(filesystem);
    std::vector<MendedBlock> made;
    for (const auto& family : families.all()) {
        const bool is_enough = siblings == Siblings::readable || (is_complete && family.known <= siblings);
        auto node = is_enough ? joined(family, maker, filesystem.geometry().nodesize, siblings) : std::nullopt;
        if (node) {
            made.push_back(std::move(*node));
        }
    }
    return made;
}

} // namespace btrkit::repair

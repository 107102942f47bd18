// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/families.h"

#include <algorithm>

namespace btrkit::repair {

Families::Families(const Filesystem& filesystem, std::span<const LostBlock> lost) : filesystem_(&filesystem) {
    for (const auto& block : lost) {
        if (block.level() > 0) {
            found_.push_back(block);
        }
    }
    for (const auto& block : found_) {
        add({.nodes = {block}});
    }
}

void Families::add(const Extent& extent, const ExtentRef& ref) {
    if (ref.type == btrfs::item_type::shared_block_ref) {
        const auto family = by_address_.find(ref.parent);
        if (family != by_address_.end() && family->second->level() == extent.level + 1) {
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

bool Families::go_down() {
    by_address_.clear();
    by_owner_.clear();
    const std::size_t count = families_.size();
    for (std::size_t i = first_new_; i < count; ++i) {
        auto& family = families_[i];
        if (family.level() < 2 || family.lost_nodes.empty()) {
            continue;
        }
        Family below = {.nodes = {}, .parent = &family};
        for (const auto& [address, node] : family.lost_nodes) {
            below.nodes.push_back(node);
        }
        add(std::move(below));
    }
    first_new_ = count;
    return families_.size() > count;
}

void Families::add(Family family) {
    auto& added = families_.emplace_back(std::move(family));
    for (const auto& node : added.nodes) {
        by_address_.emplace(node.promise.address.bytenr, &added);
    }
    by_owner_.emplace(std::pair(added.first().likely_owner(), added.level()), &added);
}

/// To the one of them in whose range of keys it lies; to none, if it is another node's.
void Families::add_to(std::span<Family* const> families, const Extent& extent) {
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
        if (!facts && extent.level > 0) {
            add_lost(*family, promise);
        }
    }
}

/// A node that others point to is promised where it begins; of another one only its parent knew that.
void Families::add_lost(Family& family, Promise promise) const {
    const auto known =
        std::ranges::find(found_, promise.address, [](const auto& lost) { return lost.promise.address; });
    if (known != found_.end() && known->promise.first_key) {
        family.children[*known->promise.first_key] = {promise.address, *promise.generation, *known->promise.first_key};
        return;
    }
    auto lost = family.first();
    promise.tree = lost.promise.tree;
    promise.first_key.reset();
    lost.promise = promise;
    family.lost_nodes.emplace(promise.address.bytenr, lost);
}

/// Of a copy whose checksum is wrong, and that seems to be the block all the same.
std::optional<BlockFacts> Families::likely_facts(const Promise& promise) const {
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

} // namespace btrkit::repair

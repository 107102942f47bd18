// SPDX-License-Identifier: MIT
#include "tests/check/mutation.h"

#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/tree/tree_walk.h"
#include "libfs/volume/stripe_map.h"
#include "tests/check/block_edits.h"
#include "tests/check/field_places.h"

#include <map>

#include <fmt/format.h>

namespace btrkit::test {

namespace {

/// Trees that are alike count as one, so that those of many blocks don't get all changes.
struct TreeGroup {
    std::string name;
    std::vector<Promise> blocks;
};

std::string group_name(u64 tree) {
    if (is_subvolume(tree)) {
        return "FS";
    }
    const std::string name(btrfs::objectid_name(tree));
    return name.ends_with("_TREE") ? name.substr(0, name.size() - 5) : name;
}

class Mutator {
public:
    Mutator(const Filesystem& filesystem, const BlockDevice& device, Dice dice, MutationKind kind)
        : filesystem_(&filesystem), device_(&device), dice_(dice), kind_(kind) {}

    Result<Mutation> run() {
        constexpr unsigned most_attempts = 1000;
        collect();
        for (unsigned i = 0; i < most_attempts; ++i) {
            if (auto mutation = change_something()) {
                return *mutation;
            }
        }
        return fail(ErrorKind::not_found, device_->name() + ": nothing to change");
    }

private:
    const Geometry& geometry() const { return filesystem_->geometry(); }

    std::optional<Mutation> change_something() {
        switch (kind_) {
        case MutationKind::super: return change_super();
        case MutationKind::lost: return lose_block();
        case MutationKind::any: break;
        }
        return dice_.percent(4) ? change_super() : change_tree();
    }

    void collect() {
        collect_tree(filesystem_->chunk_tree());
        collect_with_roots(filesystem_->root_tree());
        if (const auto log = filesystem_->log_root_tree()) {
            collect_with_roots(*log);
        }
    }

    void collect_tree(const TreeRoot& tree) {
        const auto name = group_name(tree.id);
        auto group = std::ranges::find(groups_, name, &TreeGroup::name);
        if (group == groups_.end()) {
            group = groups_.insert(group, TreeGroup{name, {}});
        }
        TreeWalk walk(filesystem_->reader(), tree.block, WalkOrder::depth_first);
        while (const auto promise = walk.next()) {
            group->blocks.push_back(*promise);
        }
    }

    /// A tree, and those that its root items point to.
    void collect_with_roots(const TreeRoot& tree) {
        collect_tree(tree);
        TreeWalk walk(filesystem_->reader(), tree.block, WalkOrder::leaves_only);
        while (const auto promise = walk.next()) {
            const OwnedBlock leaf(filesystem_->reader(), *promise);
            if (!leaf.is_proven()) {
                continue;
            }
            for (u32 slot = 0; slot < leaf.view().count(); ++slot) {
                const auto key = leaf.view().key(slot);
                if (key.type != btrfs::item_type::root_item) {
                    continue;
                }
                if (const auto root = parse_root_item(key, leaf.view().item_data(slot))) {
                    collect_tree(*root);
                }
            }
        }
    }

    TreeGroup& pick_group() {
        // Most of what a checker knows is about these.
        static constexpr std::array<std::pair<std::string_view, u64>, 3> weights = {
            {{"FS", 6}, {"EXTENT", 4}, {"ROOT", 3}}};
        std::vector<TreeGroup*> urn;
        for (auto& group : groups_) {
            const auto* found = std::ranges::find(weights, group.name, &std::pair<std::string_view, u64>::first);
            urn.insert(urn.end(), found != weights.end() ? found->second : 1, &group);
        }
        return *dice_.one_of(urn);
    }

    std::optional<Mutation> change_tree() {
        auto& group = pick_group();
        const u64 kind = dice_.below(100);
        // All types of items get their share, however rare they are.
        if (kind < 82) {
            return change_item(group, kind);
        }
        const auto& promise = dice_.one_of(group.blocks);
        const OwnedBlock block(filesystem_->reader(), promise);
        if (!block.is_proven()) {
            return std::nullopt;
        }
        std::optional<Edit> edit;
        if (kind < 91 || block.view().is_leaf()) {
            const OwnedBlock other(filesystem_->reader(), dice_.one_of(dice_.one_of(groups_).blocks));
            edit = edit_header(block.view(), other.view(), dice_);
        } else {
            edit = edit_pointer(block.view(), dice_);
        }
        return finish(group, promise, std::move(edit));
    }

    std::optional<Mutation> change_item(TreeGroup& group, u64 kind) {
        struct Spot {
            const Promise* promise;
            u32 slot;
        };
        std::map<u8, std::vector<Spot>> spots;
        for (const auto& promise : group.blocks) {
            const OwnedBlock block(filesystem_->reader(), promise);
            for (u32 slot = 0; block.is_proven() && block.view().is_leaf() && slot < block.view().count(); ++slot) {
                spots[block.view().key(slot).type].push_back({&promise, slot});
            }
        }
        if (spots.empty()) {
            return std::nullopt;
        }
        const auto& of_type = std::next(spots.begin(), static_cast<std::ptrdiff_t>(dice_.below(spots.size())))->second;
        const auto spot = dice_.one_of(of_type);
        const OwnedBlock block(filesystem_->reader(), *spot.promise);
        std::optional<Edit> edit;
        if (kind < 54) {
            edit = edit_body(block.view(), spot.slot, geometry(), dice_);
        } else if (kind < 64) {
            edit = edit_key(block.view(), spot.slot, dice_);
        } else if (kind < 74) {
            edit = delete_item(block.view(), spot.slot, dice_);
        } else if (kind < 80) {
            edit = copy_item(block.view(), spot.slot, dice_);
        } else {
            edit = edit_item_place(block.view(), spot.slot, dice_);
        }
        return finish(group, *spot.promise, std::move(edit));
    }

    std::optional<Mutation> lose_block() {
        auto& group = pick_group();
        const auto& promise = dice_.one_of(group.blocks);
        const OwnedBlock block(filesystem_->reader(), promise);
        if (!block.is_proven()) {
            return std::nullopt;
        }
        Edit edit{.what = "lost", .detail = "one bit", .block = copy_of(block.view().bytes())};
        if (dice_.percent(50)) {
            edit.detail = "noise";
            for (auto& byte : edit.block) {
                byte = static_cast<std::byte>(dice_.below(256));
            }
        } else {
            edit.block[sizeof(btrfs::TreeBlockHeader) +
                       dice_.below(edit.block.size() - sizeof(btrfs::TreeBlockHeader))] ^= std::byte{1};
        }
        return store(group, promise, edit);
    }

    std::optional<Mutation> finish(const TreeGroup& group, const Promise& promise, std::optional<Edit> edit) {
        if (!edit) {
            return std::nullopt;
        }
        seal_block(geometry(), edit->block);
        return store(group, promise, *edit);
    }

    /// Over all copies of the block.
    std::optional<Mutation> store(const TreeGroup& group, const Promise& promise, const Edit& edit) {
        Mutation mutation{.pattern = group.name + ":" + edit.what, .text = {}, .changes = {}};
        mutation.text = fmt::format("{} of block {} (tree {}, level {}): {}", mutation.pattern, promise.address.bytenr,
                                    objectid_text(promise.tree.value_or(0)), promise.level.value_or(0), edit.detail);
        const auto* chunk = filesystem_->volume().chunks().find(promise.address);
        for (unsigned mirror = 1; chunk != nullptr && mirror <= mirror_count(*chunk); ++mirror) {
            const auto run = map_stripe(*chunk, promise.address, edit.block.size(), mirror);
            if (run.length != edit.block.size()) {
                return std::nullopt;
            }
            if (!add_change(mutation, run.physical.offset, edit.block)) {
                return std::nullopt;
            }
        }
        return mutation;
    }

    bool add_change(Mutation& mutation, u64 offset, const std::vector<std::byte>& after) const {
        ByteChange change{.offset = offset, .before = std::vector<std::byte>(after.size()), .after = after};
        if (!device_->read(offset, change.before)) {
            return false;
        }
        mutation.changes.push_back(std::move(change));
        return true;
    }

    /// The same change in all copies of the superblock.
    std::optional<Mutation> change_super() {
        static const auto fields = fields_in<btrfs::Superblock>();
        const auto& field = dice_.one_of(fields);
        static constexpr std::array<std::string_view, 5> dull = {"csum", "bytenr", "magic", "padding", "reserved"};
        if (std::ranges::find(dull, field.name) != dull.end() ||
            (field.name.starts_with("backup_roots") && !dice_.percent(15))) {
            return std::nullopt;
        }
        auto super = filesystem_->super();
        const auto bytes = std::as_writable_bytes(std::span(&super, 1));
        auto size = field.size;
        if (field.name == "sys_chunk_array") {
            size = std::min<std::size_t>(size, super.sys_chunk_array_size);
        }
        Mutation mutation{.pattern = "SUPER:" + field.name, .text = {}, .changes = {}};
        const auto detail = change_field(bytes.subspan(field.offset, size), {}, dice_);
        if (detail.empty()) {
            return std::nullopt;
        }
        mutation.text = mutation.pattern + ": " + detail;
        for (const u64 offset : btrfs::superblock_offsets) {
            if (offset + btrfs::superblock_size > device_->size_bytes()) {
                break;
            }
            super.bytenr = offset;
            super.csum = checksum(geometry().csum_type, Bytes(bytes).subspan(btrfs::max_csum_size));
            if (!add_change(mutation, offset, copy_of(bytes))) {
                return std::nullopt;
            }
        }
        return mutation;
    }

    const Filesystem* filesystem_;
    const BlockDevice* device_;
    Dice dice_;
    MutationKind kind_;
    std::vector<TreeGroup> groups_;
};

} // namespace

Result<Mutation> make_mutation(const Filesystem& filesystem, const BlockDevice& device, u64 seed, u64 number,
                               MutationKind kind) {
    return Mutator(filesystem, device, Dice(seed, number), kind).run();
}

} // namespace btrkit::test

// SPDX-License-Identifier: MIT
// What the kernel reads at mount, and what it makes of it: btrfs of Linux 6.x, open_ctree() and what it calls.
#include "libfs/ops/check/verdict.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/fs/path_lookup.h"
#include "libfs/ops/check/missing_devices.h"
#include "libfs/tree/tree_path.h"

#include <map>
#include <set>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// Findings that decide by themselves.
struct CodeEffect {
    ProblemCode code;
    Mountable state;
    std::string_view reason;
};
constexpr std::string_view chunk_checks = "the kernel compares chunks, device extents and block groups: rescue=all";
constexpr std::array code_effects = std::to_array<CodeEffect>({
    {ProblemCode::super_csum_type, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_checksum, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_magic, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_bytenr, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_field, Mountable::refused, "the superblock has impossible values"},
    {ProblemCode::super_value, Mountable::refused, "the superblock has values that kernels refuse"},
    {ProblemCode::super_unknown_incompat, Mountable::refused, "unknown incompatible features"},
    {ProblemCode::super_unfinished_change, Mountable::read_only, "an offline conversion is not finished: rescue=all"},
    {ProblemCode::super_mirror_used, Mountable::refused, "kernels read the first superblock only"},
    {ProblemCode::super_unknown_compat_ro, Mountable::read_only, "unknown read-only-compatible features"},
    {ProblemCode::device_truncated, Mountable::refused, "a device is shorter than its device item says"},
    {ProblemCode::device_item_missing, Mountable::refused, "a device has no device item"},
    {ProblemCode::sys_array, Mountable::refused, "the array of system chunks is damaged"},
    {ProblemCode::chunk_item, Mountable::refused, "a chunk is impossible"},
    {ProblemCode::chunk_overlap, Mountable::refused, "chunks overlap"},
    {ProblemCode::stripe_device, Mountable::read_only, "a stripe names an unknown device: degraded"},
    {ProblemCode::dev_extent_missing, Mountable::read_only, chunk_checks},
    {ProblemCode::dev_extent_unfounded, Mountable::read_only, chunk_checks},
    {ProblemCode::dev_extent_differs, Mountable::read_only, chunk_checks},
    {ProblemCode::dev_extent_bounds, Mountable::read_only, chunk_checks},
    {ProblemCode::item_dev_extent_overlap, Mountable::read_only, chunk_checks},
    {ProblemCode::block_group_missing, Mountable::read_only, chunk_checks},
    {ProblemCode::block_group_unfounded, Mountable::read_only, chunk_checks},
    {ProblemCode::block_group_differs, Mountable::read_only, chunk_checks},
    {ProblemCode::inode_cache, Mountable::read_only, "the tree-checker refuses extents of an inode cache: rescue=all"},
    {ProblemCode::root_default, Mountable::refused, "the default subvolume is not there: only with subvolid=5"},
});

/// Which parts of a tree are read at mount. What is not read then does no harm to it.
enum class ReadAtMount {
    nothing,
    all,
    root_items,   ///< those of the trees in this table, and a few others
    block_groups, ///< leaves with block group items
};

struct TreeEffect {
    u64 tree;
    Mountable root_lost;
    std::string_view root_option; ///< with which it still mounts
    ReadAtMount rest = ReadAtMount::nothing;
    Mountable rest_lost = Mountable::refused;
    std::string_view rest_option = {};
};
constexpr std::string_view without_bad_roots = "rescue=ibadroots";
constexpr std::array tree_effects = std::to_array<TreeEffect>({
    {btrfs::root_tree_id, Mountable::refused, {}, ReadAtMount::root_items},
    {btrfs::chunk_tree_id, Mountable::refused, {}, ReadAtMount::all},
    {btrfs::extent_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::block_groups, Mountable::read_only,
     without_bad_roots},
    {btrfs::dev_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::all},
    {btrfs::fs_tree_id, Mountable::refused, {}},
    {btrfs::csum_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::quota_tree_id, Mountable::read_write, {}, ReadAtMount::all},
    {btrfs::uuid_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::free_space_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::block_group_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::all},
    {btrfs::raid_stripe_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::data_reloc_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::tree_log_id, Mountable::read_only, "rescue=nologreplay", ReadAtMount::all, Mountable::read_only,
     "rescue=nologreplay"},
    {btrfs::tree_reloc_id, Mountable::read_only, {}, ReadAtMount::all, Mountable::read_only},
});

/// The tree-checker's: it takes a leaf as a whole or not at all.
bool spoils_leaf(ProblemCode code) {
    return code >= ProblemCode::item_size && code <= ProblemCode::item_raid_stripe &&
           code != ProblemCode::item_dev_extent_overlap && code != ProblemCode::item_csum_overlap &&
           code != ProblemCode::item_file_extent_overlap;
}

class MountJudge {
public:
    MountJudge(const Findings& findings, const Filesystem& filesystem) : findings_(findings), filesystem_(filesystem) {}

    Mountability judge() {
        judge_super();
        judge_missing_devices();
        for (const auto& effect : code_effects) {
            if (findings_.any(effect.code)) {
                raise(effect.state, std::string(effect.reason));
            }
        }
        for (const auto& finding : findings_.all()) {
            judge_tree(finding.problem);
        }
        if (verdict_.state == Mountable::read_write && verdict_.reason.empty() && has_unreadable_blocks()) {
            verdict_.reason = "with errors where the damage is";
        }
        return std::move(verdict_);
    }

private:
    void raise(Mountable state, std::string reason, bool is_for_missing_devices = false) {
        if (state > verdict_.state || (state == verdict_.state && verdict_.reason.empty())) {
            verdict_ = {.state = state, .reason = std::move(reason), .is_for_missing_devices = is_for_missing_devices};
        }
    }

    void judge_super() {
        const auto& super = filesystem_.super();
        const auto has_compat_ro = [&](u64 flags) { return (super.compat_ro_flags & flags) == flags; };
        constexpr u64 known = btrfs::super_flag_written | btrfs::super_flag_reloc | btrfs::super_flag_error |
                              btrfs::super_flag_seeding | btrfs::super_flag_metadump | btrfs::super_flag_metadump_v2;
        if ((super.flags & btrfs::super_flag_changing_fsid_v2) != 0) {
            raise(Mountable::refused, "a change of the fsid is not finished");
        } else if ((super.flags & ~known) != 0) {
            raise(Mountable::read_only, "unknown flags in the superblock: rescue=all");
        }
        if (has_compat_ro(btrfs::compat_ro_block_group_tree) &&
            !(has_compat_ro(btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid) &&
              super.has_incompat(btrfs::incompat_no_holes))) {
            raise(Mountable::refused, "a block group tree without the features that it needs");
        }
        if (super.has_incompat(btrfs::incompat_extent_tree_v2) || super.has_incompat(btrfs::incompat_remap_tree)) {
            raise(Mountable::refused, "features that only experimental kernels have");
        }
        if ((super.flags & btrfs::super_flag_seeding) != 0) {
            raise(Mountable::read_only, "it is a seed");
        }
        if (findings_.any(ProblemCode::super_total_bytes) && super.total_bytes < bytes_of_devices()) {
            raise(Mountable::refused, "total_bytes of the superblock is less than the devices have");
        }
    }

    u64 bytes_of_devices() const {
        u64 bytes = 0;
        Cursor cursor(filesystem_.reader(), filesystem_.chunk_tree().block);
        bool there = cursor.seek({btrfs::dev_items_objectid, btrfs::item_type::dev_item, 0});
        for (; there && cursor.key().type == btrfs::item_type::dev_item; there = cursor.next()) {
            const auto* item = view_at<btrfs::DevItem>(cursor.data());
            bytes += item != nullptr ? u64{item->total_bytes} : 0;
        }
        return bytes;
    }

    void judge_missing_devices() {
        const auto absent = devices_that_the_kernel_misses(findings_, filesystem_);
        if (absent.empty()) {
            return;
        }
        const std::string who =
            fmt::format("{} missing to the kernel", absent.size() == 1 ? fmt::format("device {} is", *absent.begin())
                                                                       : fmt::format("{} devices are", absent.size()));
        if (absent.size() == filesystem_.volume().members().size()) {
            return raise(Mountable::refused, findings_.any(ProblemCode::super_mirror_invalid)
                                                 ? "the first superblock is not valid, and the kernel reads no other"
                                                 : "chunks name the device by another uuid than its superblock");
        }
        const u64 lost = types_out_of_reach(filesystem_, absent);
        if ((lost & ~btrfs::block_group_data) != 0) {
            return raise(Mountable::refused, who + ", and metadata is out of reach without", true);
        }
        // What profiles tolerate is asked for before writing only.
        std::string_view how = ": degraded, then read-write too";
        if (lost != 0) {
            how = ", and data is out of reach without: degraded";
        } else if (types_beyond_tolerance(filesystem_, absent) != 0) {
            how = ", more than the profiles bear: degraded";
        }
        raise(Mountable::read_only, who + std::string(how), true);
    }

    void judge_tree(const Problem& problem) {
        const bool is_lost = problem.code == ProblemCode::block_lost || problem.code == ProblemCode::root_unreadable;
        // Between leaves the tree-checker compares nothing.
        const bool is_overlap_in_leaf =
            problem.code == ProblemCode::item_csum_overlap && problem.place.slot.value_or(0) > 0;
        if (!problem.place.tree || !(is_lost || is_overlap_in_leaf || spoils_leaf(problem.code))) {
            return;
        }
        const u64 tree = *problem.place.tree;
        if (problem.place.logical && is_needed(tree, *problem.place.logical)) {
            return judge_needed(tree, problem);
        }
        const auto* effect = std::ranges::find(tree_effects, tree, &TreeEffect::tree);
        if (effect == tree_effects.end()) {
            return;
        }
        const auto tell = [&](Mountable state, std::string_view option) {
            raise(state,
                  fmt::format("the {} can't be read{}{}", objectid_text(tree), option.empty() ? "" : ": ", option));
        };
        if (problem.code == ProblemCode::root_unreadable || is_root_block(tree, problem.place)) {
            tell(effect->root_lost, effect->root_option);
        } else if (const auto keys = lost_keys(problem); keys && is_read_at_mount(effect->rest, *keys)) {
            tell(effect->rest_lost, effect->rest_option);
        }
    }

    /// To mount is to open the top-level tree, for which its last key is looked up, and the inode of its top directory;
    /// then the same of the default subvolume.
    void judge_needed(u64 tree, const Problem& problem) {
        const bool is_rescued =
            problem.code == ProblemCode::block_lost && has_wrong_checksum_only(*problem.place.logical);
        const std::string what =
            tree == btrfs::fs_tree_id
                ? "blocks of the FS_TREE that every mount reads can't be read"
                : fmt::format("blocks of the default subvolume {} can't be read, without which only subvolid=5 mounts",
                              tree);
        raise(is_rescued ? Mountable::read_only : Mountable::refused, what + (is_rescued ? ": rescue=all" : ""));
    }

    /// rescue=all reads past wrong checksums, and past nothing else that is wrong with a block.
    bool has_wrong_checksum_only(Logical address) const {
        return std::ranges::all_of(findings_.all(), [&](const Finding& finding) {
            const auto& problem = finding.problem;
            return problem.place.logical != address || problem.code == ProblemCode::block_lost ||
                   problem.code == ProblemCode::block_checksum || problem.severity() == Severity::note;
        });
    }

    bool is_needed(u64 tree, Logical address) {
        if (tree != btrfs::fs_tree_id && tree != default_tree()) {
            return false;
        }
        auto [known, is_new] = needed_.try_emplace(tree);
        if (is_new) {
            known->second = blocks_to(tree, {{btrfs::root_dir_inode, btrfs::item_type::inode_item, 0},
                                             {btrfs::last_free_objectid, 0xff, ~u64{0}}});
        }
        return known->second.contains(address);
    }

    /// The blocks on the way to where these keys stand or would stand, as far as they can be read, and the first on
    /// each way that can't.
    std::set<Logical> blocks_to(u64 tree, std::initializer_list<btrfs::Key> keys) const {
        std::set<Logical> blocks;
        const auto root = filesystem_.find_tree(tree);
        for (const auto& key : keys) {
            std::optional<Promise> promise = root ? std::optional(root->block) : std::nullopt;
            while (promise) {
                blocks.insert(promise->address);
                const OwnedBlock block(filesystem_.reader(), *promise);
                promise.reset();
                if (block.is_proven() && !block.block().is_leaf()) {
                    promise = child_promise(block.block(), child_slot(block.block(), key), {});
                }
            }
        }
        return blocks;
    }

    u64 default_tree() {
        if (!default_tree_) {
            constexpr std::string_view name = "default";
            const btrfs::Key key{btrfs::root_tree_dir_id, btrfs::item_type::dir_item,
                                 name_hash(std::as_bytes(std::span(name)))};
            Cursor cursor(filesystem_.reader(), filesystem_.root_tree().block);
            const bool there = cursor.seek(key) && cursor.key() == key;
            const auto location = there ? entry_of_name(cursor.data(), name) : std::nullopt;
            default_tree_ = location ? location->objectid : btrfs::fs_tree_id;
        }
        return *default_tree_;
    }

    bool is_root_block(u64 tree, const Place& place) const {
        const auto root = filesystem_.find_tree(tree);
        return root && root->block.address == place.logical;
    }

    /// What the kernel can't read for this problem; nothing where that can't be told.
    std::optional<KeyRange> lost_keys(const Problem& problem) const {
        if (problem.place.keys || !problem.place.logical) {
            return problem.place.keys;
        }
        const OwnedBlock leaf(filesystem_.reader(), {.address = *problem.place.logical, .tree = problem.place.tree});
        if (!leaf.is_proven() || leaf.block().count() == 0) {
            return std::nullopt;
        }
        return KeyRange::through(leaf.block().key(0), leaf.block().key(leaf.block().count() - 1));
    }

    bool is_read_at_mount(ReadAtMount part, const KeyRange& keys) const {
        switch (part) {
        case ReadAtMount::nothing: return false;
        case ReadAtMount::all: return true;
        case ReadAtMount::root_items: return has_needed_root_item(keys);
        case ReadAtMount::block_groups: return has_block_group(keys);
        }
        return false;
    }

    static bool has_needed_root_item(const KeyRange& keys) {
        // The only name in the root tree's directory: that of the default subvolume.
        constexpr std::string_view name = "default";
        const u64 hash = name_hash(std::as_bytes(std::span(name)));
        return keys.contains({btrfs::root_tree_dir_id, btrfs::item_type::dir_item, hash}) ||
               std::ranges::any_of(tree_effects, [&](const TreeEffect& effect) {
                   return effect.root_lost != Mountable::read_write &&
                          keys.contains({effect.tree, btrfs::item_type::root_item, 0});
               });
    }

    bool has_block_group(const KeyRange& keys) const {
        return std::ranges::any_of(filesystem_.volume().chunks().chunks(), [&](const Chunk& chunk) {
            return keys.contains({chunk.start.bytenr, btrfs::item_type::block_group_item, chunk.length});
        });
    }

    bool has_unreadable_blocks() const {
        return findings_.any(ProblemCode::block_lost) ||
               std::ranges::any_of(problem_catalogue, [&](const ProblemInfo& info) {
                   return spoils_leaf(info.code) && findings_.any(info.code);
               });
    }

    const Findings& findings_;
    const Filesystem& filesystem_;
    Mountability verdict_;
    std::optional<u64> default_tree_;
    std::map<u64, std::set<Logical>> needed_; ///< by tree: the blocks of it that a mount reads
};

} // namespace

Mountability judge_mountability(const Findings& findings, const Filesystem& filesystem) {
    return MountJudge(findings, filesystem).judge();
}

Mountability judge_unopened(const Findings&) {
    return {.state = Mountable::refused, .reason = "no superblock is valid"};
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// What the kernel reads at mount, and what it makes of it: btrfs of Linux, open_ctree() and what it calls.
#include "libfs/ops/check/verdict.h"

#include "formats/btrfs/device.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/ops/check/missing_devices.h"
#include "libfs/ops/check/mount/chunk_comparison.h"
#include "libfs/ops/check/mount/free_space_bitmaps.h"
#include "libfs/ops/check/mount/log_replay.h"
#include "libfs/ops/check/mount/mount_facts.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

/// With what it still mounts.
struct Rescue {
    std::string_view how = {}; ///< mount option, perhaps with what it does; empty: none is needed, or none helps
};
constexpr Rescue no_rescue;
constexpr Rescue rescue_all{"rescue=all"};
constexpr Rescue rescue_all_degraded{"rescue=all,degraded"};
constexpr Rescue rescue_by_backup_root{"rescue=all takes a backup root"};
constexpr Rescue without_bad_roots{"rescue=ibadroots"};
constexpr Rescue without_log{"rescue=nologreplay"};

/// Findings that decide by themselves.
struct CodeEffect {
    ProblemCode code;
    Mountable state;
    std::string_view reason;
};
constexpr std::array code_effects = std::to_array<CodeEffect>({
    {ProblemCode::super_csum_type, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_checksum, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_magic, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_bytenr, Mountable::refused, "the superblock is not valid"},
    {ProblemCode::super_field, Mountable::refused, "the superblock has impossible values"},
    {ProblemCode::super_value, Mountable::refused, "the superblock has values that kernels refuse"},
    {ProblemCode::super_unknown_incompat, Mountable::refused, "unknown incompatible features"},
    {ProblemCode::super_mirror_used, Mountable::refused, "kernels read the first superblock only"},
    {ProblemCode::super_unknown_compat_ro, Mountable::read_only, "unknown read-only-compatible features"},
    {ProblemCode::sys_array, Mountable::refused, "the array of system chunks is damaged"},
    {ProblemCode::chunk_item, Mountable::refused, "a chunk is impossible"},
    {ProblemCode::stripe_device, Mountable::read_only, "a stripe names an unknown device: degraded"},
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
    Rescue root_rescue = no_rescue;
    ReadAtMount rest = ReadAtMount::nothing;
    Mountable rest_lost = Mountable::refused;
    Rescue rest_rescue = no_rescue;
};
constexpr std::array tree_effects = std::to_array<TreeEffect>({
    {btrfs::root_tree_id, Mountable::refused, no_rescue, ReadAtMount::root_items},
    {btrfs::chunk_tree_id, Mountable::refused, no_rescue, ReadAtMount::all},
    {btrfs::extent_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::block_groups, Mountable::read_only,
     without_bad_roots},
    {btrfs::dev_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::all},
    {btrfs::fs_tree_id, Mountable::refused},
    {btrfs::csum_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::quota_tree_id, Mountable::read_write, no_rescue, ReadAtMount::all},
    {btrfs::uuid_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::free_space_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::block_group_tree_id, Mountable::read_only, without_bad_roots, ReadAtMount::all},
    {btrfs::raid_stripe_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::data_reloc_tree_id, Mountable::read_only, without_bad_roots},
    {btrfs::tree_log_id, Mountable::read_only, without_log, ReadAtMount::all, Mountable::read_only, without_log},
    {btrfs::tree_reloc_id, Mountable::read_only, no_rescue, ReadAtMount::all, Mountable::read_only},
});

class MountJudge {
public:
    MountJudge(const Findings& findings, const Filesystem& filesystem, const ChunkComparison& chunks, MountFacts& facts,
               KernelVersion kernel)
        : findings_(findings), filesystem_(filesystem), chunks_(chunks), facts_(facts), verdict_{.kernel = kernel} {}

    Mountability judge() {
        judge_super();
        judge_zones();
        judge_device_items();
        judge_missing_devices();
        for (const auto& effect : code_effects) {
            if (is_refused(effect.code)) {
                raise(effect.state, effect.reason);
            }
        }
        judge_chunks();
        judge_log_replay();
        for (const auto& finding : findings_.all()) {
            judge_tree(finding.problem);
        }
        judge_mounted_trees();
        judge_relocation();
        if (findings_.any(ProblemCode::inode_cache) && has(KernelTrait::checks_data_refs) &&
            facts_.reads_refs_of_inode_cache()) {
            raise(Mountable::read_only, "the abandoned inode number cache has extents", without_bad_roots);
        }
        judge_bitmaps();
        if (verdict_.state == Mountable::read_write && verdict_.reason.empty() && has_unreadable_blocks()) {
            verdict_.reason = "with errors where the damage is";
        }
        return std::move(verdict_);
    }

private:
    bool has(KernelTrait trait) const { return has_trait(verdict_.kernel, trait); }

    bool is_refused(ProblemCode code) const {
        return findings_.any(code) && std::ranges::any_of(findings_.all(), [&](const Finding& finding) {
                   return finding.problem.code == code && has(finding.problem.refused_by);
               });
    }

    /// What is worse counts, and of what is as bad the first.
    bool counts(Mountable state) const {
        return state > verdict_.state || (state == verdict_.state && verdict_.reason.empty());
    }
    void raise(Mountable state, std::string_view what, Rescue rescue = no_rescue) {
        if (counts(state)) {
            verdict_.state = state;
            verdict_.reason = rescue.how.empty() ? std::string(what) : fmt::format("{}: {}", what, rescue.how);
            verdict_.is_for_missing_devices = false;
            verdict_.is_kernels_fault = false;
            verdict_.needs_rescue = !rescue.how.empty();
        }
    }
    void raise_for_missing_devices(Mountable state, std::string_view what) {
        if (counts(state)) {
            raise(state, what);
            verdict_.is_for_missing_devices = true;
        }
    }

    /// Whatever else there is: this is what has to be said.
    void warn_of_panic(std::string reason) {
        if (!verdict_.panics) {
            verdict_.state = Mountable::refused;
            verdict_.reason = std::move(reason);
            verdict_.is_for_missing_devices = false;
            verdict_.needs_rescue = false;
            verdict_.panics = true;
        }
    }

    void judge_chunks() {
        constexpr std::string_view reason = "the kernel compares chunks, device extents and block groups";
        if (chunks_.chunks_overlap) {
            raise(Mountable::refused, "chunks overlap");
        }
        if (chunks_.dev_extents_differ || chunks_.groups_differ || chunks_.first_group_missing ||
            (chunks_.group_missing && has(KernelTrait::wants_all_groups))) {
            raise(Mountable::read_only, reason, rescue_all);
        }
    }

    void judge_log_replay() {
        if (const auto why = why_log_is_stuck(findings_, filesystem_, chunks_); !why.empty()) {
            raise(Mountable::read_only, why, without_log);
        }
    }

    void judge_super() {
        const auto& super = filesystem_.super();
        const auto has_compat_ro = [&](u64 flags) { return (super.compat_ro_flags & flags) == flags; };
        constexpr u64 known = btrfs::super_flag_written | btrfs::super_flag_reloc | btrfs::super_flag_error |
                              btrfs::super_flag_seeding | btrfs::super_flag_metadump | btrfs::super_flag_metadump_v2;
        const auto raise_unfinished = [&](std::string_view what) {
            if (has(KernelTrait::rescues_unfinished_change)) {
                raise(Mountable::read_only, what, rescue_all);
            } else {
                raise(Mountable::refused, what);
            }
        };
        if ((super.flags & btrfs::super_flag_changing_fsid_v2) != 0) {
            raise(Mountable::refused, "a change of the fsid is not finished");
        } else if ((super.flags & ~known) != 0) {
            raise_unfinished("unknown flags in the superblock");
        }
        if (findings_.any(ProblemCode::super_unfinished_change)) {
            raise_unfinished("an offline conversion is not finished");
        }
        if (super.has_incompat(btrfs::incompat_simple_quota) && !has(KernelTrait::knows_simple_quota)) {
            raise(Mountable::refused, "simple quotas, which this kernel does not know");
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

    void judge_zones() {
        if (filesystem_.super().has_incompat(btrfs::incompat_zoned) && facts_.has_extents_between_zones()) {
            raise(Mountable::refused, "it is marked as zoned, but its device extents are not whole zones");
        }
    }

    void judge_device_items() {
        constexpr std::array causes = {ProblemCode::device_item_missing, ProblemCode::device_item_differs,
                                       ProblemCode::device_truncated};
        if (std::ranges::none_of(causes, [&](ProblemCode code) { return findings_.any(code); })) {
            return;
        }
        const auto faults = device_item_faults(filesystem_);
        if (faults.has_other_uuid) {
            raise(Mountable::refused, "a device item has another uuid than its device");
        }
        // What the superblock says of its device is not compared.
        if (faults.is_cut_off) {
            raise(Mountable::refused, "a device is shorter than its device item says");
        }
        for (const auto& [devid, is_given] : faults.without_item) {
            const auto what = is_given ? std::string("a device has no device item")
                                       : fmt::format("chunks name device {}, which has no device item", devid);
            // Of a device that is there all can be read.
            const bool has_lost_metadata =
                !is_given && (types_out_of_reach(filesystem_, {devid}) & ~btrfs::block_group_data) != 0;
            if (has(KernelTrait::rescues_unknown_devices) && !has_lost_metadata) {
                raise(Mountable::read_only, what, is_given ? rescue_all : rescue_all_degraded);
            } else {
                raise(Mountable::refused, what);
            }
        }
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
            return raise_for_missing_devices(Mountable::refused, who + ", and metadata is out of reach without");
        }
        // What profiles tolerate is asked for before writing only.
        std::string_view how = ": degraded, then read-write too";
        if (lost != 0) {
            how = ", and data is out of reach without: degraded";
        } else if (types_beyond_tolerance(filesystem_, absent) != 0) {
            how = ", more than the profiles bear: degraded";
        }
        raise_for_missing_devices(Mountable::read_only, who + std::string(how));
    }

    void judge_tree(const Problem& problem) {
        const bool is_lost = problem.code == ProblemCode::block_lost || problem.code == ProblemCode::root_unreadable;
        // Between leaves the tree-checker compares nothing.
        const bool is_overlap_in_leaf =
            problem.code == ProblemCode::item_csum_overlap && problem.place.slot.value_or(0) > 0;
        if (!problem.place.tree || !(is_lost || is_overlap_in_leaf || spoils_leaf(problem.code))) {
            return;
        }
        judge_bitmap(problem);
        const u64 tree = *problem.place.tree;
        // Without chunks nothing else is found: that is told of them.
        if (!has(problem.refused_by) || (tree != btrfs::chunk_tree_id && has_lost_chunks())) {
            return;
        }
        if (problem.place.logical && facts_.is_needed(tree, *problem.place.logical)) {
            const bool is_top = tree == btrfs::fs_tree_id;
            return raise_lost(is_top ? "blocks of the FS_TREE that every mount reads can't be read"
                                     : fmt::format("blocks of the default subvolume {} can't be read, without which "
                                                   "only subvolid=5 mounts",
                                                   tree),
                              problem);
        }
        const auto* effect = std::ranges::find(tree_effects, tree, &TreeEffect::tree);
        if (effect == tree_effects.end()) {
            if (is_root_block(tree, problem.place) && facts_.is_orphan(tree)) {
                raise(Mountable::read_only, fmt::format("the root of the deleted subvolume {} can't be read", tree));
            }
            return;
        }
        const auto tell = [&](Mountable state, Rescue rescue) {
            const std::string what = fmt::format("the {} can't be read", objectid_text(tree));
            if (tree == btrfs::block_group_tree_id && has(KernelTrait::panics_without_group_tree) &&
                !is_read_past_checksum(problem)) {
                warn_of_panic(what + ", and then rescue=all brings this kernel down");
            } else if (state == Mountable::refused) {
                raise_lost(what, problem);
            } else {
                raise(state, what, rescue);
            }
        };
        if (problem.code == ProblemCode::root_unreadable || is_root_block(tree, problem.place)) {
            tell(effect->root_lost, effect->root_rescue);
        } else if (const auto keys = lost_keys(problem); keys && is_read_at_mount(effect->rest, *keys)) {
            tell(effect->rest_lost, effect->rest_rescue);
        }
    }

    /// Of a filesystem that is written to.
    void judge_bitmaps() {
        if (verdict_.state == Mountable::read_write && have_other_bitmaps(findings_, filesystem_)) {
            warn_of_panic(
                "a block group has other bitmaps of its free space than it says, which brings this kernel down");
        }
    }

    void judge_bitmap(const Problem& problem) {
        const auto& key = problem.place.key;
        if (has(KernelTrait::panics_over_empty_bitmap) && key && key->type == btrfs::item_type::free_space_bitmap &&
            key->offset == 0) {
            warn_of_panic("an empty bitmap in the free space tree brings this kernel down");
        }
    }

    /// What no mount can do without, unless it can be rescued.
    void raise_lost(const std::string& what, const Problem& problem) {
        if (is_read_past_checksum(problem)) {
            raise(Mountable::read_only, what, rescue_all);
        } else if (problem.place.tree == btrfs::root_tree_id && has(KernelTrait::takes_backup_roots) &&
                   facts_.has_backup_root(problem.place.logical)) {
            raise(Mountable::read_only, what, rescue_by_backup_root);
        } else {
            raise(Mountable::refused, what);
        }
    }

    bool has_lost_chunks() const {
        return findings_.any(ProblemCode::block_lost) &&
               std::ranges::any_of(findings_.all(), [](const Finding& finding) {
                   return finding.problem.code == ProblemCode::block_lost &&
                          finding.problem.place.tree == btrfs::chunk_tree_id;
               });
    }

    bool is_read_past_checksum(const Problem& problem) const {
        const auto is_of_checksum = [&](const Finding& finding) {
            return finding.problem.code == ProblemCode::block_checksum &&
                   finding.problem.place.logical == problem.place.logical;
        };
        return problem.code == ProblemCode::block_lost && has(KernelTrait::reads_past_checksums) &&
               std::ranges::any_of(findings_.all(), is_of_checksum) &&
               facts_.has_wrong_checksum_only(*problem.place.tree, *problem.place.logical);
    }

    /// To mount is to open the top-level tree, and then the default subvolume.
    void judge_mounted_trees() {
        for (const u64 tree : {btrfs::fs_tree_id, facts_.default_tree()}) {
            if (const auto why = facts_.why_unmountable(tree); !why.empty()) {
                raise(Mountable::refused, fmt::format("the tree {} {}{}", objectid_text(tree), why,
                                                      tree == btrfs::fs_tree_id ? "" : ": only with subvolid=5"));
            }
        }
    }

    /// Kernels make such a root item, and their tree-checkers take no leaf of the root tree that has one.
    void judge_relocation() {
        const bool is_there = std::ranges::any_of(findings_.all(), [](const Finding& finding) {
            const auto& key = finding.problem.place.key;
            return finding.problem.code == ProblemCode::reloc_tree && key && key->offset == btrfs::data_reloc_tree_id;
        });
        if (is_there && counts(Mountable::refused)) {
            raise(Mountable::refused,
                  "a balance was interrupted at the data relocation tree, which kernels then refuse");
            verdict_.is_kernels_fault = true;
        }
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
        return std::ranges::any_of(findings_.all(), [&](const Finding& finding) {
            const auto& problem = finding.problem;
            return problem.code == ProblemCode::block_lost || (spoils_leaf(problem.code) && has(problem.refused_by));
        });
    }

    const Findings& findings_;
    const Filesystem& filesystem_;
    const ChunkComparison& chunks_;
    MountFacts& facts_;
    Mountability verdict_;
};

} // namespace

MountAnswers judge_mountability(const Findings& findings, const Filesystem& filesystem, KernelVersion kernel) {
    const auto chunks = compare_as_kernel(findings, filesystem);
    MountFacts facts(filesystem);
    const auto judge = [&](KernelVersion version) {
        return MountJudge(findings, filesystem, chunks, facts, version).judge();
    };
    MountAnswers answers{.asked = judge(kernel)};
    for (const auto other : all_kernels) {
        auto answer = judge(other);
        if (answer.state != answers.asked.state || answer.panics != answers.asked.panics) {
            answers.others.push_back(std::move(answer));
        }
    }
    return answers;
}

Mountability judge_unopened(KernelVersion kernel) {
    return {.kernel = kernel, .state = Mountable::refused, .reason = "no superblock is valid"};
}

} // namespace btrkit::check

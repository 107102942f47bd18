// SPDX-License-Identifier: MIT
// Fields of the superblock that reading does not depend on, but that have to fit the rest.
#include "formats/btrfs/superblock.h"
#include "libfs/ops/check/devices/device_facts.h"
#include "libfs/survey/find_tree.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

using btrfs::Superblock;

/// Takes findings about the superblock that the filesystem was opened with.
class SuperFindings {
public:
    explicit SuperFindings(Context& context) : context_(&context), super_(&context.filesystem.super()) {
        place_ = place_of_device(context, super_->dev_item.devid);
        place_.physical = super_->bytenr;
    }

    const Superblock& super() const { return *super_; }
    void tell(ProblemCode code, std::string detail) { context_->findings.report(code, place_, std::move(detail)); }
    void tell_value(std::string detail) { tell(ProblemCode::super_value, std::move(detail)); }
    /// Kernels mount it all the same, or the verdict has a rule of its own for it.
    void tell_odd_value(std::string detail) {
        context_->findings.add(Problem{.code = ProblemCode::super_value,
                                       .place = place_,
                                       .detail = std::move(detail),
                                       .refused_by = KernelTrait::no_kernel});
    }

private:
    Context* context_;
    const Superblock* super_;
    Place place_;
};

void check_generations(SuperFindings& findings) {
    const auto& super = findings.super();
    const u64 generation = super.generation;
    constexpr u64 cache_disabled = ~u64{0};
    if (super.cache_generation > generation && super.cache_generation != cache_disabled) {
        findings.tell_odd_value(fmt::format("cache_generation is {}, but the filesystem has generation {}",
                                            u64{super.cache_generation}, generation));
    }
    if (super.uuid_tree_generation > generation) {
        findings.tell_odd_value(fmt::format("uuid_tree_generation is {}, but the filesystem has generation {}",
                                            u64{super.uuid_tree_generation}, generation));
    }
    for (std::size_t i = 0; i < super.backup_roots.size(); ++i) {
        // A commit notes where the root tree is when the next transaction may already have begun to change it.
        if (const u64 backup = super.backup_roots[i].tree_root_gen; backup > generation + 1) {
            findings.tell_odd_value(
                fmt::format("backup root {} has generation {}, but the filesystem {}", i, backup, generation));
        }
    }
}

void check_names(SuperFindings& findings) {
    const auto& super = findings.super();
    if (super.root_dir_objectid != btrfs::root_tree_dir_id) {
        findings.tell_odd_value(fmt::format("root_dir_objectid is {} instead of {}", u64{super.root_dir_objectid},
                                            btrfs::root_tree_dir_id));
    }
    const auto end = std::ranges::find(super.label, '\0');
    if (end == super.label.end()) {
        findings.tell_value("the label has no end");
    }
    if (std::find(super.label.begin(), end, '\n') != end) {
        findings.tell_value("the label has a line break in it");
    }
}

/// What the kernel demands of features that need others.
void check_feature_needs(SuperFindings& findings) {
    const auto& super = findings.super();
    const auto has_compat_ro = [&](u64 flag) { return (super.compat_ro_flags & flag) != 0; };
    const bool has_valid_free_space =
        has_compat_ro(btrfs::compat_ro_free_space_tree) && has_compat_ro(btrfs::compat_ro_free_space_tree_valid);
    if (has_compat_ro(btrfs::compat_ro_free_space_tree_valid) && !has_compat_ro(btrfs::compat_ro_free_space_tree)) {
        findings.tell_odd_value("FREE_SPACE_TREE_VALID is set, but FREE_SPACE_TREE is not");
    }
    if (has_compat_ro(btrfs::compat_ro_block_group_tree) &&
        !(has_valid_free_space && super.has_incompat(btrfs::incompat_no_holes))) {
        findings.tell_value("BLOCK_GROUP_TREE is set, but FREE_SPACE_TREE_VALID and NO_HOLES, which it needs, are not");
    }
    constexpr u64 known = btrfs::known_flags(btrfs::super_flag_names) | btrfs::super_flag_error;
    if (const u64 unknown = super.flags & ~known; unknown != 0) {
        findings.tell_odd_value(fmt::format("flags {:#x} are unknown", unknown));
    }
}

/// Profiles that older kernels don't know announce themselves by a flag.
void check_profile_flags(SuperFindings& findings, const DeviceFacts& facts) {
    constexpr u64 raid1c34 = btrfs::block_group_raid1c3 | btrfs::block_group_raid1c4;
    u64 types = 0;
    for (const auto& [start, record] : facts.chunks) {
        types |= record.chunk.type;
    }
    if ((types & btrfs::block_group_raid56_mask) != 0 && !findings.super().has_incompat(btrfs::incompat_raid56)) {
        findings.tell_value("there are chunks of RAID5 or RAID6, but RAID56 is not set");
    }
    if ((types & raid1c34) != 0 && !findings.super().has_incompat(btrfs::incompat_raid1c34)) {
        findings.tell_value("there are chunks of RAID1C3 or RAID1C4, but RAID1C34 is not set");
    }
}

void check_device_sums(SuperFindings& findings, const DeviceFacts& facts) {
    const auto& super = findings.super();
    u64 total = 0;
    for (const auto& [devid, record] : facts.devices) {
        total += record.item.total_bytes;
    }
    if (super.num_devices != facts.devices.size()) {
        findings.tell(ProblemCode::super_num_devices,
                      fmt::format("num_devices is {}, but there are {}", u64{super.num_devices}, facts.devices.size()));
    }
    if (super.total_bytes != total) {
        findings.tell(ProblemCode::super_total_bytes,
                      fmt::format("total_bytes is {}, but the devices have {}", u64{super.total_bytes}, total));
    }
}

} // namespace

void check_superblock_values(Context& context, const DeviceFacts& facts) {
    SuperFindings findings(context);
    check_generations(findings);
    check_names(findings);
    check_feature_needs(findings);
    if (is_old_dump(context)) {
        return;
    }
    check_profile_flags(findings, facts);
    if (facts.devices_complete) {
        check_device_sums(findings, facts);
    }
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
// Linux versions that were asked what they make of damaged filesystems, and, in one table, where they differ. Rules
// that all of them share stand where they are applied.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace btrkit {

/// In the order of their age.
enum class KernelVersion {
    linux_6_1,
    linux_6_18,
    linux_7_3,
};
inline constexpr std::array kernel_names = std::to_array<std::string_view>({"6.1", "6.18", "7.3"});
inline constexpr std::array all_kernels =
    std::to_array({KernelVersion::linux_6_1, KernelVersion::linux_6_18, KernelVersion::linux_7_3});
inline constexpr KernelVersion newest_kernel = all_kernels.back();

constexpr std::string_view kernel_name(KernelVersion kernel) {
    return kernel_names[static_cast<std::size_t>(kernel)];
}

/// The kernel of that name; nothing where it is none of those known.
constexpr std::optional<KernelVersion> find_kernel(std::string_view name) {
    const auto* found = std::ranges::find(kernel_names, name);
    return found == kernel_names.end() ? std::nullopt : std::optional(all_kernels[found - kernel_names.begin()]);
}

/// What some kernels do and others don't; each but the first two has its row in the table.
enum class KernelTrait {
    every_kernel, ///< no difference
    no_kernel,    ///< only btrkit
    checks_written_flag,
    checks_name_owners,
    checks_free_space_items,
    checks_root_refs,
    checks_group_flags,
    checks_data_refs,
    wants_all_groups,
    reads_past_checksums,
    takes_backup_roots,
    rescues_unfinished_change,
    rescues_unknown_devices,
    knows_simple_quota,
    panics_without_group_tree,
    panics_over_empty_bitmap,
};

using KernelSet = unsigned; ///< a bit each

constexpr KernelSet set_of(auto... kernels) {
    return ((KernelSet{1} << static_cast<unsigned>(kernels)) | ...);
}

struct KernelDifference {
    KernelTrait trait;
    KernelSet kernels; ///< of those known, who does it
    std::string_view what;
};

namespace kernel_sets {
inline constexpr KernelSet only_6_1 = set_of(KernelVersion::linux_6_1);
inline constexpr KernelSet only_6_18 = set_of(KernelVersion::linux_6_18);
inline constexpr KernelSet only_7_3 = set_of(KernelVersion::linux_7_3);
inline constexpr KernelSet until_6_18 = only_6_1 | only_6_18;
inline constexpr KernelSet since_6_18 = only_6_18 | only_7_3;
} // namespace kernel_sets

/// Fixes come to stable kernels too: where a version does what its neighbours don't, it was asked.
inline constexpr std::array kernel_differences = std::to_array<KernelDifference>({
    {KernelTrait::checks_written_flag, kernel_sets::since_6_18,
     "the tree-checker refuses tree blocks that are not marked as written"},
    {KernelTrait::checks_name_owners, kernel_sets::only_7_3,
     "the tree-checker looks at the directories and name lengths of an inode's references"},
    {KernelTrait::checks_free_space_items, kernel_sets::only_7_3,
     "the tree-checker looks at items of the free space tree"},
    {KernelTrait::checks_root_refs, kernel_sets::only_6_1 | kernel_sets::only_7_3,
     "the tree-checker looks at references between subvolumes"},
    {KernelTrait::checks_group_flags, kernel_sets::only_7_3,
     "the tree-checker refuses block groups with flags that it does not know"},
    {KernelTrait::checks_data_refs, kernel_sets::since_6_18,
     "the tree-checker looks at the inode numbers of data references, and refuses those of the inode number cache"},
    {KernelTrait::wants_all_groups, kernel_sets::only_7_3,
     "every chunk must have its block group; others look at those that lie without a gap from address 0 on"},
    {KernelTrait::reads_past_checksums, kernel_sets::since_6_18,
     "rescue=all reads tree blocks of which nothing but the checksum is wrong"},
    {KernelTrait::takes_backup_roots, kernel_sets::only_7_3,
     "rescue=all takes a backup root where the root tree can't be read"},
    {KernelTrait::rescues_unfinished_change, kernel_sets::since_6_18,
     "rescue=all mounts what an offline conversion has left unfinished"},
    {KernelTrait::rescues_unknown_devices, kernel_sets::until_6_18,
     "rescue=all with degraded mounts where chunks of data name a device that has no device item"},
    {KernelTrait::knows_simple_quota, kernel_sets::since_6_18, "simple quotas are a known feature"},
    {KernelTrait::panics_without_group_tree, kernel_sets::only_6_18,
     "rescue=all brings the machine down where the block group tree can't be read"},
    {KernelTrait::panics_over_empty_bitmap, kernel_sets::until_6_18,
     "an empty bitmap in the free space tree brings the machine down"},
});

constexpr bool has_trait(KernelVersion kernel, KernelTrait trait) {
    const auto* found = std::ranges::find(kernel_differences, trait, &KernelDifference::trait);
    return found == kernel_differences.end() ? trait == KernelTrait::every_kernel
                                             : (found->kernels & set_of(kernel)) != 0;
}

} // namespace btrkit

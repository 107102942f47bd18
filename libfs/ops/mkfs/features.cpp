// SPDX-License-Identifier: MIT
#include "libfs/ops/mkfs/features.h"

#include <algorithm>
#include <array>
#include <ranges>

#include <fmt/format.h>

namespace btrkit::mkfs {

namespace {

constexpr std::string_view quota_name = "quota";
constexpr std::string_view simple_quota_name = "squota";

/// In the order in which the format got them. The mixed back references that every filesystem has are no choice.
constexpr std::array table = std::to_array<FeatureInfo>({
    {"mixed-bg", "", btrfs::incompat_mixed_groups, 0, Offer::on_request, "2.6.37",
     "data and metadata in the same block groups"},
    {quota_name, "", 0, 0, Offer::on_request, "3.4", "quota groups"},
    {"extref", "", btrfs::incompat_extended_iref, 0, Offer::by_default, "3.7",
     "more hard links of a file in one directory"},
    {"raid56", "", btrfs::incompat_raid56, 0, Offer::on_request, "3.9", "raid5 and raid6 (comes with the profiles)"},
    {"skinny-metadata", "", btrfs::incompat_skinny_metadata, 0, Offer::by_default, "3.10",
     "smaller extent items of metadata"},
    {"no-holes", "", btrfs::incompat_no_holes, 0, Offer::by_default, "3.14", "no items for holes in files"},
    {"free-space-tree", "fst", 0, btrfs::compat_ro_free_space_tree | btrfs::compat_ro_free_space_tree_valid,
     Offer::by_default, "4.5", "free space in a tree"},
    {"raid1c34", "", btrfs::incompat_raid1c34, 0, Offer::on_request, "5.5",
     "three and four copies (comes with the profiles)"},
    {"zoned", "", btrfs::incompat_zoned, 0, Offer::zoned, "5.12", "zoned devices"},
    {"block-group-tree", "bgt", 0, btrfs::compat_ro_block_group_tree, Offer::by_default, "6.1",
     "block groups in a tree of their own"},
    {simple_quota_name, "", btrfs::incompat_simple_quota, 0, Offer::on_request, "6.7", "simple quotas"},
    {"raid-stripe-tree", "rst", btrfs::incompat_raid_stripe_tree, 0, Offer::experimental, "6.7", "stripes in a tree"},
    {"extent-tree-v2", "", btrfs::incompat_extent_tree_v2, 0, Offer::experimental, "-", "several extent trees"},
    {"remap-tree", "", btrfs::incompat_remap_tree, 0, Offer::experimental, "7.0", "relocation by remapping"},
});

const FeatureInfo* find_feature(std::string_view name) {
    const auto* row = std::ranges::find_if(table, [&](const FeatureInfo& info) {
        return info.name == name || (!info.alias.empty() && info.alias == name);
    });
    return row == table.end() ? nullptr : row;
}

void set(Features& features, const FeatureInfo& info, bool on) {
    features.incompat = on ? features.incompat | info.incompat : features.incompat & ~info.incompat;
    features.compat_ro = on ? features.compat_ro | info.compat_ro : features.compat_ro & ~info.compat_ro;
    if (info.name == quota_name) {
        features.quota = on;
    }
    if (info.name == simple_quota_name) {
        features.simple_quota = on;
    }
}

Result<void> apply(Features& features, std::string_view word) {
    const bool on = !word.starts_with('^');
    const std::string_view name = on ? word : word.substr(1);
    const FeatureInfo* info = find_feature(name);
    if (info == nullptr) {
        return fail(ErrorKind::usage, fmt::format("unknown feature '{}' (-O list-all shows all)", name));
    }
    if (on && info->offer == Offer::experimental) {
        return fail(ErrorKind::usage, fmt::format("feature '{}' is experimental and not offered", info->name));
    }
    if (on && info->offer == Offer::zoned) {
        return fail(ErrorKind::usage,
                    fmt::format("feature '{}' is not supported: zoned devices can't be written", info->name));
    }
    set(features, *info, on);
    return {};
}

} // namespace

std::span<const FeatureInfo> feature_table() {
    return table;
}

Result<Features> settle_features(std::span<const std::string> lists, std::vector<std::string>& warnings) {
    Features features = {.incompat = btrfs::incompat_mixed_backref};
    for (const auto& info : table) {
        if (info.offer == Offer::by_default) {
            set(features, info, true);
        }
    }
    bool asked_for_bgt = false;
    for (const auto& list : lists) {
        for (const auto part : std::views::split(std::string_view(list), ',')) {
            const std::string_view word(part.begin(), part.end());
            if (word.empty()) {
                continue;
            }
            asked_for_bgt = asked_for_bgt || find_feature(word) == find_feature("bgt");
            BTRKIT_TRY(apply(features, word));
        }
    }
    const bool can_have_bgt = features.has_free_space_tree() && (features.incompat & btrfs::incompat_no_holes) != 0;
    if (features.has_block_group_tree() && !can_have_bgt) {
        features.compat_ro &= ~btrfs::compat_ro_block_group_tree;
        if (asked_for_bgt) {
            warnings.emplace_back("block-group-tree is left out: it needs no-holes and free-space-tree");
        }
    }
    features.quota = features.quota && !features.simple_quota;
    return features;
}

namespace {

std::string_view offer_text(Offer offer) {
    switch (offer) {
    case Offer::by_default: return ", default";
    case Offer::experimental: return ", experimental: not offered";
    case Offer::zoned: return ", not supported";
    case Offer::on_request: break;
    }
    return "";
}

} // namespace

std::string list_features() {
    std::string text;
    for (const auto& info : table) {
        text +=
            fmt::format("{:<18} {} (Linux {}{})\n", info.name, info.description, info.kernel, offer_text(info.offer));
    }
    return text;
}

} // namespace btrkit::mkfs

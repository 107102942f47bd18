// SPDX-License-Identifier: MIT
// The features that a filesystem can be made with: the one table, by the peer's names.
#pragma once

#include "formats/btrfs/flags.h"
#include "libfs/base/address.h"
#include "libfs/base/error.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace btrkit::mkfs {

enum class Offer {
    by_default, ///< on unless ^name
    on_request,
    experimental, ///< refused: the kernel's format may still change
    zoned,        ///< refused: this tool does not write zoned devices
};

struct FeatureInfo {
    std::string_view name;
    std::string_view alias; ///< empty: none
    u64 incompat = 0;
    u64 compat_ro = 0;
    Offer offer = Offer::on_request;
    std::string_view kernel; ///< the first that can mount it
    std::string_view description;
};

std::span<const FeatureInfo> feature_table();

struct Features {
    u64 incompat = 0;
    u64 compat_ro = 0;
    bool quota = false;        ///< full quota groups
    bool simple_quota = false; ///< wins over quota

    bool has_free_space_tree() const { return (compat_ro & btrfs::compat_ro_free_space_tree) != 0; }
    bool has_block_group_tree() const { return (compat_ro & btrfs::compat_ro_block_group_tree) != 0; }
    bool has_quota_tree() const { return quota || simple_quota; }
};

/// The defaults, changed by lists such as "quota,^no-holes", one after the other. Fails with usage: unknown names,
/// refused features. warnings: what had to be left out because of what was.
Result<Features> settle_features(std::span<const std::string> lists, std::vector<std::string>& warnings);

/// The table as text: name, what it is, since which kernel, whether it is the default.
std::string list_features();

} // namespace btrkit::mkfs

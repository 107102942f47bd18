// SPDX-License-Identifier: MIT
// Properties of what stands in an image, as `btrfs property get` tells them.
#pragma once

#include "libfs/fs/filesystem.h"

#include <string>
#include <string_view>
#include <vector>

namespace btrkit::subvolume {

/// What an object is taken for.
enum class PropertyType : u8 { subvolume, filesystem, inode, device };

inline constexpr std::string_view read_only_property = "ro";
inline constexpr std::string_view label_property = "label";
inline constexpr std::string_view compression_property = "compression";

struct PropertyOptions {
    std::string object;                    ///< a path, or the id of a subvolume
    std::optional<PropertyType> type = {}; ///< nothing: all that it is
    std::optional<std::string> name = {};  ///< nothing: all that such an object has
};

struct Property {
    std::string name;
    std::string value; ///< of ro: "true" or "false"
};

/// In the order ro, label, compression; without a compression that was never set. Fails with not_found, damaged, or
/// usage (no such property, or not of such an object).
Result<std::vector<Property>> get_properties(const Filesystem& filesystem, const PropertyOptions& options);

/// The label of the filesystem, up to its first NUL.
std::string_view label_of(const btrfs::Superblock& super);

} // namespace btrkit::subvolume

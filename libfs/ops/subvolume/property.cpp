// SPDX-License-Identifier: MIT
#include "libfs/ops/subvolume/property.h"

#include "libfs/base/names.h"
#include "libfs/fs/xattrs.h"
#include "libfs/survey/subvolume.h"

#include <algorithm>

#include <fmt/format.h>

namespace btrkit::subvolume {

namespace {

struct PropertyKind {
    std::string_view name;
    std::array<PropertyType, 2> of; ///< what has it
};
constexpr std::array property_kinds = std::to_array<PropertyKind>({
    {read_only_property, {PropertyType::subvolume, PropertyType::subvolume}},
    {label_property, {PropertyType::filesystem, PropertyType::device}},
    {compression_property, {PropertyType::inode, PropertyType::inode}},
});

Result<InodePlace> find_object(const Filesystem& filesystem, const std::string& name) {
    if (!survey::parse_subvolume_id(name)) {
        return find_path(filesystem, name);
    }
    BTRKIT_TRY_ASSIGN(const auto subvolume, survey::find_subvolume(filesystem, name));
    return InodePlace{.tree = subvolume.tree, .inode = btrfs::root_dir_inode};
}

bool is_a(const InodePlace& place, PropertyType type) {
    switch (type) {
    case PropertyType::subvolume: return place.inode == btrfs::root_dir_inode;
    case PropertyType::filesystem: return place.inode == btrfs::root_dir_inode && place.tree.id == btrfs::fs_tree_id;
    case PropertyType::inode: return true;
    case PropertyType::device: break;
    }
    return false;
}

/// Nothing: it was never set.
Result<std::optional<std::string>> value_of(const Filesystem& filesystem, const InodePlace& place,
                                            std::string_view name) {
    if (name == label_property) {
        return std::string(label_of(filesystem.super()));
    }
    if (name == read_only_property) {
        BTRKIT_TRY_ASSIGN(const auto subvolume, survey::find_subvolume(filesystem, place.tree.id));
        return subvolume.is_read_only ? "true" : "false";
    }
    BTRKIT_TRY_ASSIGN(auto xattrs, read_xattrs(filesystem, place));
    const auto found = std::ranges::find(xattrs, compression_xattr, &Xattr::name);
    return found != xattrs.end() ? std::optional(std::move(found->value)) : std::nullopt;
}

} // namespace

std::string_view label_of(const btrfs::Superblock& super) {
    const std::string_view label(super.label.data(), super.label.size());
    return label.substr(0, label.find('\0'));
}

Result<std::vector<Property>> get_properties(const Filesystem& filesystem, const PropertyOptions& options) {
    BTRKIT_TRY_ASSIGN(const auto place, find_object(filesystem, options.object));
    const auto has = [&](const PropertyKind& kind) {
        return std::ranges::any_of(
            kind.of, [&](PropertyType type) { return options.type ? options.type == type : is_a(place, type); });
    };
    const bool is_known =
        !options.name || std::ranges::find(property_kinds, *options.name, &PropertyKind::name) != property_kinds.end();
    if (!is_known) {
        return fail(ErrorKind::usage,
                    fmt::format("there is no property '{}', only ro, label and compression", printable(*options.name)));
    }
    std::vector<Property> properties;
    for (const auto& kind : property_kinds) {
        if (options.name ? kind.name != *options.name : !has(kind)) {
            continue;
        }
        if (!has(kind)) {
            return fail(ErrorKind::usage,
                        fmt::format("{}: has no property '{}'", printable(options.object), kind.name));
        }
        BTRKIT_TRY_ASSIGN(auto value, value_of(filesystem, place, kind.name));
        if (value) {
            properties.push_back({.name = std::string(kind.name), .value = std::move(*value)});
        }
    }
    return properties;
}

} // namespace btrkit::subvolume

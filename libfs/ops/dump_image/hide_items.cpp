// SPDX-License-Identifier: MIT
#include "libfs/ops/dump_image/hide_items.h"

#include "formats/btrfs/item_types.h"
#include "libfs/ops/dump_image/other_name.h"

namespace btrkit::dump_image {

namespace {

void leave_out(MutableBytes bytes) {
    std::ranges::fill(bytes, left_out);
}

/// Takes bytes from the front, as many as there are.
MutableBytes take(MutableBytes& rest, std::size_t count) {
    const auto taken = rest.first(std::min(count, rest.size()));
    rest = rest.subspan(taken.size());
    return taken;
}

/// A name that its item does not hold as a whole has no hash to be kept.
void hide_name(MutableBytes name, std::size_t whole_length) {
    name.size() == whole_length ? put_other_name(name) : leave_out(name);
}

/// Attributes of which kernels and programs know the names: these say nothing about anybody.
bool is_public_attribute(std::string_view name) {
    return name.starts_with("btrfs.") || name.starts_with("system.") || name.starts_with("security.");
}

/// Those of which the values say nothing either, and decide how the filesystem behaves.
bool is_public_value(std::string_view name) {
    return name.starts_with("btrfs.") || name.starts_with("system.posix_acl_");
}

void hide_attribute(MutableBytes name, std::size_t whole_length, MutableBytes value) {
    const auto text = as_text(name);
    if (!is_public_value(text)) {
        leave_out(value);
    }
    if (!is_public_attribute(text)) {
        const auto dot = text.find('.');
        const std::size_t shown = dot == std::string_view::npos ? 0 : dot + 1;
        hide_name(name.subspan(shown), whole_length - shown);
    }
}

void hide_entries(const HiddenItem& item, MutableBytes rest) {
    while (const auto* head = view_at<btrfs::DirItem>(rest)) {
        const std::size_t name_length = head->name_len;
        const std::size_t data_length = head->data_len;
        take(rest, sizeof(*head));
        const auto name = take(rest, name_length);
        const auto data = take(rest, data_length);
        if (item.key.type == btrfs::item_type::xattr_item) {
            hide_attribute(name, name_length, data);
        } else {
            leave_out(data);
            // That of the root tree leads to the default subvolume, by a name that kernels look for.
            if (item.owner != btrfs::root_tree_id || as_text(name) != "default") {
                hide_name(name, name_length);
            }
        }
    }
    leave_out(rest);
}

/// A list of references with names behind them. What is none in a leaf that is not sound may be another one, whose name
/// stands where this one has numbers.
template <class Ref>
void hide_refs(const HiddenItem& item, MutableBytes body) {
    MutableBytes rest = body;
    bool is_whole = true;
    while (const auto* head = view_at<Ref>(rest)) {
        const std::size_t name_length = head->name_len;
        take(rest, sizeof(*head));
        const auto name = take(rest, name_length);
        is_whole = is_whole && name.size() == name_length;
        hide_name(name, name_length);
    }
    leave_out(item.is_sound || (is_whole && rest.empty()) ? rest : body);
}

void hide_inline_data(MutableBytes body) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const bool is_inline = head == nullptr || head->type == static_cast<u8>(btrfs::FileExtentType::inline_data);
    take(body, is_inline ? sizeof(btrfs::FileExtentHead) : btrfs::file_extent_item_size);
    leave_out(body);
}

void hide_names(const HiddenItem& item, MutableBytes body) {
    switch (item.key.type) {
    case btrfs::item_type::dir_item:
    case btrfs::item_type::dir_index:
    case btrfs::item_type::xattr_item: return hide_entries(item, body);
    case btrfs::item_type::inode_ref: return hide_refs<btrfs::InodeRef>(item, body);
    case btrfs::item_type::inode_extref: return hide_refs<btrfs::InodeExtref>(item, body);
    case btrfs::item_type::root_ref:
    case btrfs::item_type::root_backref: return hide_refs<btrfs::RootRef>(item, body);
    case btrfs::item_type::string_item: return leave_out(body);
    default: break;
    }
}

/// Whether items of files or names are in that tree.
bool has_names(u64 tree) {
    switch (tree) {
    case btrfs::extent_tree_id:
    case btrfs::chunk_tree_id:
    case btrfs::dev_tree_id:
    case btrfs::csum_tree_id:
    case btrfs::quota_tree_id:
    case btrfs::uuid_tree_id:
    case btrfs::free_space_tree_id:
    case btrfs::block_group_tree_id:
    case btrfs::raid_stripe_tree_id:
    case btrfs::remap_tree_id: return false;
    default: return true;
    }
}

/// Of trees with names.
bool is_type_beside_names(u8 type, u64 tree) {
    namespace item_type = btrfs::item_type;
    constexpr auto types =
        std::to_array<u8>({item_type::untyped, item_type::inode_item, item_type::inode_ref, item_type::inode_extref,
                           item_type::xattr_item, item_type::verity_desc_item, item_type::verity_merkle_item,
                           item_type::orphan_item, item_type::dir_log_item, item_type::dir_log_index,
                           item_type::dir_item, item_type::dir_index, item_type::extent_data, item_type::root_item,
                           item_type::root_backref, item_type::root_ref, item_type::temporary_item});
    return std::ranges::find(types, type) != types.end() ||
           (type == item_type::extent_csum && tree == btrfs::tree_log_id);
}

/// Whether an item of a leaf that is not sound may be what its key says. A bit that has flipped there may have made an
/// item with a name one that has none, or a leaf of files one of another tree; but not both.
bool may_be_believed(const HiddenItem& item, std::size_t size) {
    const auto* type = btrfs::find_item_type(item.key.type);
    return type != nullptr && size >= type->min_size && size <= type->max_size &&
           (!has_names(item.owner) || is_type_beside_names(item.key.type, item.owner));
}

} // namespace

void hide_in_item(const HiddenItem& item, MutableBytes body, dump_format::Privacy privacy) {
    const bool hides_names = privacy == dump_format::Privacy::names;
    const bool is_unknown = (!item.is_sound && !may_be_believed(item, body.size())) ||
                            (hides_names && btrfs::find_item_type(item.key.type) == nullptr);
    if (item.key.type == btrfs::item_type::extent_data) {
        hide_inline_data(body);
    } else if (is_unknown) {
        leave_out(body);
    } else if (hides_names) {
        hide_names(item, body);
    }
}

} // namespace btrkit::dump_image

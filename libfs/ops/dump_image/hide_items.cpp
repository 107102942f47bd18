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
        const std::size_t shown = dot == text.npos ? 0 : dot + 1;
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
            // The root tree has but the one that leads to the default subvolume, by a name that kernels look for.
            if (item.owner != btrfs::root_tree_id) {
                hide_name(name, name_length);
            }
        }
    }
    leave_out(rest);
}

/// A list of references with names behind them.
template <class Ref>
void hide_refs(MutableBytes rest) {
    while (const auto* head = view_at<Ref>(rest)) {
        const std::size_t name_length = head->name_len;
        take(rest, sizeof(*head));
        hide_name(take(rest, name_length), name_length);
    }
    leave_out(rest);
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
    case btrfs::item_type::inode_ref: return hide_refs<btrfs::InodeRef>(body);
    case btrfs::item_type::inode_extref: return hide_refs<btrfs::InodeExtref>(body);
    case btrfs::item_type::root_ref:
    case btrfs::item_type::root_backref: return hide_refs<btrfs::RootRef>(body);
    case btrfs::item_type::string_item: return leave_out(body);
    default: break;
    }
}

} // namespace

void hide_in_item(const HiddenItem& item, MutableBytes body, dump_format::Privacy privacy) {
    const bool hides_names = privacy == dump_format::Privacy::names;
    if (item.key.type == btrfs::item_type::extent_data) {
        hide_inline_data(body);
    } else if (btrfs::find_item_type(item.key.type) == nullptr && (hides_names || !item.is_sound)) {
        leave_out(body);
    } else if (hides_names) {
        hide_names(item, body);
    }
}

} // namespace btrkit::dump_image

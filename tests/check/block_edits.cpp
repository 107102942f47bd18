// SPDX-License-Identifier: MIT
#include "tests/check/block_edits.h"

#include "libfs/base/names.h"
#include "tests/check/field_places.h"
#include "tests/check/leaf_items.h"

#include <fmt/format.h>

namespace btrkit::test {

namespace {

std::string type_name(const btrfs::Key& key) {
    const auto* info = btrfs::key_type_info(key);
    return info != nullptr ? std::string(info->name) : fmt::format("type-{}", key.type);
}

const std::vector<FieldPlace>& key_fields() {
    static const auto fields = fields_in<btrfs::DiskKey>();
    return fields;
}

/// The bytes of the same field in the nearest item of the type behind or before this one.
std::vector<std::byte> same_field_elsewhere(const BlockView& leaf, u32 slot, const FieldPlace& field) {
    for (u32 distance = 1; distance < leaf.count(); ++distance) {
        for (const u32 other : {slot + distance, slot - distance}) {
            if (other >= leaf.count() || leaf.key(other).type != leaf.key(slot).type) {
                continue;
            }
            const auto body = leaf.item_data(other);
            if (field.offset + field.size <= body.size()) {
                return copy_of(body.subspan(field.offset, field.size));
            }
        }
    }
    return {};
}

std::optional<Edit> with_key(Edit edit, const BlockView& block, u32 slot) {
    if (edit.detail.empty()) {
        return std::nullopt;
    }
    edit.detail += fmt::format(" in {} slot {}", key_text(block.key(slot)), slot);
    return edit;
}

bool keys_ascend(const Block& block) {
    const BlockView view(block);
    for (u32 slot = 1; slot < view.count(); ++slot) {
        if (view.key(slot) <= view.key(slot - 1)) {
            return false;
        }
    }
    return true;
}

/// Wrong order is found by anyone: mostly it stays right.
bool accepts_order(const Block& block, Dice& dice) {
    return keys_ascend(block) || dice.percent(8);
}

std::optional<Edit> delete_pointer(const BlockView& node, u32 slot) {
    Edit edit{.what = "delete.pointer", .detail = "deleted", .block = copy_of(node.bytes())};
    for (u32 i = slot; i + 1 < node.count(); ++i) {
        pointer_in(edit.block, i) = node.pointer(i + 1);
    }
    header_in(edit.block).nritems = node.count() - 1;
    return with_key(std::move(edit), node, slot);
}

} // namespace

std::optional<Edit> edit_body(const BlockView& leaf, u32 slot, const Geometry& geometry, Dice& dice) {
    const auto fields = fields_of_item(leaf.key(slot), leaf.item_data(slot), geometry);
    if (fields.empty()) {
        return std::nullopt;
    }
    const auto field = dice.one_of(fields);
    const auto neighbour = same_field_elsewhere(leaf, slot, field);
    Edit edit{.what = type_name(leaf.key(slot)) + "." + field.name, .detail = {}, .block = copy_of(leaf.bytes())};
    const auto begin = static_cast<std::size_t>(leaf.item_data(slot).data() - leaf.bytes().data()) + field.offset;
    edit.detail = change_field(std::span(edit.block).subspan(begin, field.size), neighbour, dice);
    return with_key(std::move(edit), leaf, slot);
}

std::optional<Edit> edit_key(const BlockView& leaf, u32 slot, Dice& dice) {
    const auto& field = dice.one_of(key_fields());
    const u32 other = slot + 1 < leaf.count() ? slot + 1 : slot - 1;
    const auto place = [&](u32 of) {
        return sizeof(btrfs::TreeBlockHeader) + of * sizeof(btrfs::ItemHeader) + field.offset;
    };
    std::vector<std::byte> neighbour;
    if (other < leaf.count()) {
        neighbour = copy_of(leaf.bytes().subspan(place(other), field.size));
    }
    Edit edit{
        .what = "key." + type_name(leaf.key(slot)) + "." + field.name, .detail = {}, .block = copy_of(leaf.bytes())};
    edit.detail = change_field(std::span(edit.block).subspan(place(slot), field.size), neighbour, dice);
    if (!accepts_order(edit.block, dice)) {
        return std::nullopt;
    }
    return with_key(std::move(edit), leaf, slot);
}

std::optional<Edit> edit_item_place(const BlockView& leaf, u32 slot, Dice& dice) {
    const bool offset = dice.percent(50);
    Edit edit{.what = offset ? "item.offset" : "item.size", .detail = {}, .block = copy_of(leaf.bytes())};
    auto& item = item_in(edit.block, slot);
    const u32 old = offset ? item.offset : item.size;
    std::vector<std::byte> value = copy_of(as_bytes_of(btrfs::le32(old)));
    edit.detail = change_field(value, {}, dice);
    (offset ? item.offset : item.size) = static_cast<u32>(get_value(value));
    return with_key(std::move(edit), leaf, slot);
}

std::optional<Edit> delete_item(const BlockView& leaf, u32 slot, Dice& dice) {
    auto items = items_in(leaf);
    // Without its first item a leaf breaks its parent's promise: found by anyone.
    if (items.size() < 2 || (slot == 0 && !dice.percent(8))) {
        return std::nullopt;
    }
    items.erase(items.begin() + slot);
    auto changed = with_items(copy_of(leaf.bytes()), items);
    return with_key({.what = "delete." + type_name(leaf.key(slot)), .detail = "deleted", .block = *changed}, leaf,
                    slot);
}

std::optional<Edit> copy_item(const BlockView& leaf, u32 slot, Dice& dice) {
    auto items = items_in(leaf);
    auto item = items[slot];
    const auto& field = dice.one_of(key_fields());
    auto key = btrfs::DiskKey::from(item.key);
    const MutableBytes bytes = std::as_writable_bytes(std::span(&key, 1)).subspan(field.offset, field.size);
    const u64 step = field.size == 1 || dice.percent(60) ? 1 : 4096 << dice.below(4);
    put_value(bytes, dice.percent(80) ? get_value(bytes) + step : get_value(bytes) - step);
    item.key = key.to_key();
    const auto at = std::ranges::lower_bound(items, item.key, {}, &LeafItem::key);
    if (at == items.begin() || (at != items.end() && at->key == item.key) || (at == items.end() && dice.percent(80))) {
        return std::nullopt; // before the first one, or (mostly) behind the last: where other leaves may be
    }
    items.insert(at, item);
    auto changed = with_items(copy_of(leaf.bytes()), items);
    if (!changed) {
        return std::nullopt;
    }
    return with_key({.what = "copy." + type_name(leaf.key(slot)) + "." + field.name,
                     .detail = "copied to " + key_text(item.key),
                     .block = *changed},
                    leaf, slot);
}

std::optional<Edit> edit_header(const BlockView& block, const BlockView& other, Dice& dice) {
    static const auto fields = fields_in<btrfs::TreeBlockHeader>();
    const auto& field = dice.one_of(fields);
    if (field.name == "csum") {
        return std::nullopt;
    }
    Edit edit{.what = "header." + field.name, .detail = {}, .block = copy_of(block.bytes())};
    edit.detail = change_field(std::span(edit.block).subspan(field.offset, field.size),
                               other.bytes().subspan(field.offset, field.size), dice);
    return edit.detail.empty() ? std::nullopt : std::optional(std::move(edit));
}

std::optional<Edit> edit_pointer(const BlockView& node, Dice& dice) {
    static const auto fields = fields_in<btrfs::KeyPointer>();
    const auto slot = static_cast<u32>(dice.below(node.count()));
    if (node.count() > 1 && dice.percent(15)) {
        return delete_pointer(node, slot);
    }
    const auto& field = dice.one_of(fields);
    const u32 other = slot + 1 < node.count() ? slot + 1 : slot;
    const auto place = [&](u32 of) {
        return sizeof(btrfs::TreeBlockHeader) + of * sizeof(btrfs::KeyPointer) + field.offset;
    };
    Edit edit{.what = "pointer." + field.name, .detail = {}, .block = copy_of(node.bytes())};
    edit.detail = change_field(std::span(edit.block).subspan(place(slot), field.size),
                               node.bytes().subspan(place(other), field.size), dice);
    if (!accepts_order(edit.block, dice)) {
        return std::nullopt;
    }
    return with_key(std::move(edit), node, slot);
}

} // namespace btrkit::test

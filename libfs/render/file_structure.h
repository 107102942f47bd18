// SPDX-License-Identifier: MIT
// The bodies of items that describe files: names, entries, extents, checksums, verity. Each function tells the emitter
// what the body holds and returns whether it was well-formed to its last byte.
#pragma once

#include "libfs/render/field_structure.h"
#include "libfs/render/render_context.h"

namespace btrkit::structure {

/// An item's body, and what gives it its meaning.
struct ItemBody {
    btrfs::Key key;
    Bytes bytes; ///< only those that lie inside the block
    const RenderContext& context;
};

/// Reads a body from front to back; never beyond its end.
class BodyReader {
public:
    explicit BodyReader(Bytes bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }
    Bytes rest() const { return rest_; }
    /// The structure at the front, which is consumed; null, and nothing consumed, if it is not complete.
    template <class Struct>
    const Struct* read() {
        const auto* found = view_at<Struct>(rest_);
        if (found != nullptr) {
            rest_ = rest_.subspan(sizeof(Struct));
        }
        return found;
    }
    /// As many bytes as that, consumed; false, and nothing consumed, if there are fewer.
    bool read_bytes(std::size_t length, Bytes& out) {
        if (length > rest_.size()) {
            return false;
        }
        out = rest_.first(length);
        rest_ = rest_.subspan(length);
        return true;
    }

private:
    Bytes rest_;
};

template <class Emitter>
void describe_name(Emitter& emit, std::string_view field, Bytes bytes, const RenderContext& context) {
    emit.text(field, context.hide_names ? hidden_name : as_text(bytes));
}

/// The name of length bytes that the reader has come to. True if it is complete; an incomplete one is left out.
template <class Emitter>
bool describe_next_name(Emitter& emit, std::string_view field, BodyReader& reader, std::size_t length,
                        const RenderContext& context) {
    Bytes name;
    if (!reader.read_bytes(length, name)) {
        return false;
    }
    describe_name(emit, field, name, context);
    return true;
}

/// INODE_REF, INODE_EXTREF: a list of references, each with its name.
template <class Ref, class Emitter>
bool describe_inode_refs(Emitter& emit, const ItemBody& item) {
    BodyReader reader(item.bytes);
    bool complete = true;
    emit.begin_list("refs");
    while (complete && !reader.at_end()) {
        const auto* ref = reader.read<Ref>();
        if (ref == nullptr) {
            complete = false;
            break;
        }
        emit.begin_object();
        describe_fields(emit, *ref);
        complete = describe_next_name(emit, "name", reader, ref->name_len, item.context);
        emit.end_object();
    }
    emit.end_list();
    return complete;
}

/// DIR_ITEM, DIR_INDEX, XATTR_ITEM: a list of entries, each with its name and, mostly for xattrs, its data.
template <class Emitter>
bool describe_dir_entries(Emitter& emit, const ItemBody& item) {
    BodyReader reader(item.bytes);
    bool complete = true;
    emit.begin_list("entries");
    while (complete && !reader.at_end()) {
        const auto* entry = reader.read<btrfs::DirItem>();
        if (entry == nullptr) {
            complete = false;
            break;
        }
        emit.begin_object();
        describe_fields(emit, *entry);
        complete = describe_next_name(emit, "name", reader, entry->name_len, item.context);
        const bool has_data = item.key.type == btrfs::item_type::xattr_item || entry->data_len != 0;
        if (complete && has_data) {
            complete = describe_next_name(emit, "data", reader, entry->data_len, item.context);
        }
        emit.end_object();
    }
    emit.end_list();
    return complete;
}

/// ROOT_REF, ROOT_BACKREF: one reference and its name.
template <class Emitter>
bool describe_root_ref(Emitter& emit, const ItemBody& item) {
    if (!describe_front<btrfs::RootRef>(emit, item.bytes)) {
        return false;
    }
    BodyReader reader(item.bytes);
    const auto* ref = reader.read<btrfs::RootRef>();
    return describe_next_name(emit, "name", reader, ref->name_len, item.context) && reader.at_end();
}

/// ROOT_ITEM: what old filesystems don't have yet is null.
template <class Emitter>
bool describe_root(Emitter& emit, const ItemBody& item) {
    const bool has_legacy_part = item.bytes.size() >= btrfs::legacy_root_item_size;
    describe_front<btrfs::RootItem>(emit, item.bytes, has_legacy_part ? Absent::null : Absent::left_out);
    return item.bytes.size() == btrfs::legacy_root_item_size || item.bytes.size() == sizeof(btrfs::RootItem);
}

/// EXTENT_DATA: of an inline extent the size of its data, not the data.
template <class Emitter>
bool describe_file_extent(Emitter& emit, const ItemBody& item) {
    if (!describe_front<btrfs::FileExtentHead>(emit, item.bytes)) {
        return false;
    }
    BodyReader reader(item.bytes);
    const auto* head = reader.read<btrfs::FileExtentHead>();
    switch (static_cast<btrfs::FileExtentType>(head->type)) {
    case btrfs::FileExtentType::inline_data: emit.number("inline_size", reader.rest().size()); return true;
    case btrfs::FileExtentType::regular:
    case btrfs::FileExtentType::prealloc: return describe_whole<btrfs::FileExtentRange>(emit, reader.rest());
    }
    return false;
}

/// EXTENT_CSUM: the range that the checksums cover and, on demand, the checksums.
template <class Emitter>
bool describe_csums(Emitter& emit, const ItemBody& item) {
    const std::size_t csum_size = item.context.geometry.csum_size_bytes;
    if (csum_size == 0) {
        return false;
    }
    const u64 length = item.bytes.size() / csum_size * item.context.geometry.sectorsize;
    emit.number("start", item.key.offset);
    emit.number("end", item.key.offset + length);
    emit.number("length", length);
    if (item.context.csum_items) {
        emit.begin_list("sums");
        BodyReader reader(item.bytes);
        for (Bytes sum; reader.read_bytes(csum_size, sum);) {
            emit.hex_element(sum);
        }
        emit.end_list();
    }
    return item.bytes.size() % csum_size == 0;
}

/// VERITY_DESC_ITEM: our item at offset 0; fs-verity's descriptor from offset 1 on, in several items if its
/// signature is long.
template <class Emitter>
bool describe_verity_descriptor(Emitter& emit, const ItemBody& item) {
    constexpr u64 descriptor_begin = 1;
    if (item.key.offset == 0) {
        return describe_whole<btrfs::VerityDescriptorItem>(emit, item.bytes);
    }
    BodyReader reader(item.bytes);
    if (item.key.offset == descriptor_begin) {
        if (!describe_front<btrfs::FsverityDescriptor>(emit, item.bytes)) {
            return false;
        }
        reader.read<btrfs::FsverityDescriptor>();
    }
    emit.hex("signature", reader.rest());
    return true;
}

/// VERITY_MERKLE_ITEM: a piece of the hash tree, at its position in it.
template <class Emitter>
bool describe_verity_tree(Emitter& emit, const ItemBody& item) {
    emit.number("position", item.key.offset);
    emit.number("size", item.bytes.size());
    emit.hex("hashes", item.bytes);
    return true;
}

} // namespace btrkit::structure

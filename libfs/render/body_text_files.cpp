// SPDX-License-Identifier: MIT
#include "libfs/render/body_text.h"

namespace btrkit::body_text {

namespace {

/// The inode flags that the peer knows by name.
constexpr auto peer_inode_flags = btrfs::FlagNames(btrfs::inode_flag_names).first(13);
static_assert(peer_inode_flags.back().bit == btrfs::inode_root_item_init);

void put_inode_flags(TextBuffer& out, u64 flags) {
    if (flags == 0) {
        out.put("none");
        return;
    }
    const u64 known = flags & btrfs::known_flags(peer_inode_flags);
    put_flags(out, known, peer_inode_flags);
    if (const u64 unknown = flags & ~known; unknown != 0) {
        out.put(known != 0 ? "|UNKNOWN: 0x" : "UNKNOWN: 0x");
        out.hex(unknown);
    }
}

template <std::size_t N>
std::string_view word_of(const std::array<std::string_view, N>& words, u8 number, std::string_view otherwise) {
    return number < N ? words[number] : otherwise;
}

void put_file_type(TextBuffer& out, u8 type) {
    if (type > 0 && type < btrfs::file_type_names.size()) {
        out.put(btrfs::file_type_names[type]);
    } else {
        out.put("DIR_ITEM.");
        out.dec(type);
    }
}

void put_compression(TextBuffer& out, u8 compression) {
    out.dec(compression);
    out.put(" (");
    if (compression < btrfs::compression_names.size()) {
        out.put(btrfs::compression_names[compression]);
    } else {
        out.put("UNKNOWN.");
        out.dec(compression);
    }
    out.put(')');
}

} // namespace

void inode_item(Body& body) {
    const auto* inode = body.at<btrfs::InodeItem>();
    if (inode == nullptr) {
        return;
    }
    body.line().text("generation ").number(u64{inode->generation}).text(" transid ").number(u64{inode->transid});
    body.text(" size ").number(u64{inode->size}).text(" nbytes ").number(u64{inode->nbytes}).end();
    body.line().text("block group ").number(u64{inode->block_group}).text(" mode ");
    body.out.octal(inode->mode);
    body.text(" links ").number(u32{inode->nlink}).text(" uid ").number(u32{inode->uid});
    body.text(" gid ").number(u32{inode->gid}).text(" rdev ").number(u64{inode->rdev}).end();
    body.line().text("sequence ").number(u64{inode->sequence}).text(" flags 0x");
    body.out.hex(inode->flags);
    body.out.put('(');
    put_inode_flags(body.out, inode->flags);
    body.text(")").end();
    body.timespec("atime", inode->atime);
    body.timespec("ctime", inode->ctime);
    body.timespec("mtime", inode->mtime);
    body.timespec("otime", inode->otime);
}

void inode_refs(Body& body) {
    std::size_t offset = 0;
    while (const auto* ref = body.at<btrfs::InodeRef>(offset)) {
        const std::size_t name_at = offset + sizeof(*ref);
        body.line().text("index ").number(u64{ref->index}).text(" namelen ").number(u16{ref->name_len});
        body.text(" name: ").name(name_at, ref->name_len);
        body.end();
        offset = name_at + ref->name_len;
    }
}

void inode_extrefs(Body& body) {
    std::size_t offset = 0;
    while (const auto* ref = body.at<btrfs::InodeExtref>(offset)) {
        const std::size_t name_at = offset + sizeof(*ref);
        body.line().text("index ").number(u64{ref->index}).text(" parent ").number(u64{ref->parent});
        body.text(" namelen ").number(u16{ref->name_len}).text(" name: ");
        body.name(name_at, ref->name_len);
        body.end();
        offset = name_at + ref->name_len;
    }
}

void dir_items(Body& body) {
    std::size_t offset = 0;
    while (const auto* entry = body.at<btrfs::DirItem>(offset)) {
        const std::size_t name_at = offset + sizeof(*entry);
        const std::size_t data_at = name_at + entry->name_len;
        body.line().text("location key ");
        put_key(body.out, entry->location.to_key());
        body.text(" type ");
        put_file_type(body.out, entry->type);
        body.end();
        body.line().text("transid ").number(u64{entry->transid}).text(" data_len ").number(u16{entry->data_len});
        body.text(" name_len ").number(u16{entry->name_len}).end();
        body.line().text("name: ").name(name_at, entry->name_len);
        body.end();
        if (entry->data_len != 0) {
            body.line().text("data ").name(data_at, entry->data_len);
            body.end();
        }
        offset = data_at + entry->data_len;
    }
}

void dir_log(Body& body) {
    if (const auto* log = body.at<btrfs::DirLogItem>()) {
        body.line().text("dir log end ").number(u64{log->end}).end();
    }
}

void file_extent(Body& body) {
    const auto* head = body.at<btrfs::FileExtentHead>();
    if (head == nullptr) {
        return;
    }
    body.line().text("generation ").number(u64{head->generation}).text(" type ").number(head->type).text(" (");
    body.text(word_of(btrfs::file_extent_type_names, head->type, "unknown")).text(")").end();
    if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
        body.line().text("inline extent data size ").number(body.bytes.size() - sizeof(*head));
        body.text(" ram_bytes ").number(u64{head->ram_bytes}).text(" compression ");
        put_compression(body.out, head->compression);
        body.end();
        return;
    }
    const auto* range = body.at<btrfs::FileExtentRange>(sizeof(*head));
    if (range == nullptr) {
        return;
    }
    const bool prealloc = head->type == static_cast<u8>(btrfs::FileExtentType::prealloc);
    const std::string_view kind = prealloc ? "prealloc data" : "extent data";
    body.line().text(kind).text(" disk byte ").number(u64{range->disk_bytenr});
    body.text(" nr ").number(u64{range->disk_num_bytes}).end();
    body.line().text(kind).text(" offset ").number(u64{range->offset}).text(" nr ").number(u64{range->num_bytes});
    if (prealloc) {
        body.end();
        return;
    }
    body.text(" ram ").number(u64{head->ram_bytes}).end();
    body.line().text("extent compression ");
    put_compression(body.out, head->compression);
    body.end();
}

void extent_csum(Body& body) {
    const u32 csum_size = body.context.geometry.csum_size_bytes;
    const u32 sectorsize = body.context.geometry.sectorsize;
    const std::size_t count = body.bytes.size() / csum_size;
    const u64 length = u64{count} * sectorsize;
    body.line().text("range start ").number(body.key.offset).text(" end ").number(body.key.offset + length);
    body.text(" length ").number(length).end();
    if (!body.context.csum_items || count == 0) {
        return;
    }
    // As many as fill a long line: four of crc32c, two of xxhash64, one of the others.
    const std::size_t a_line = std::max<std::size_t>(1, btrfs::max_csum_size / csum_size / 2);
    for (std::size_t i = 0; i < count; ++i) {
        if (i % a_line == 0) {
            body.text(i == 0 ? "\t\t" : "\n\t\t");
        } else {
            body.text(" ");
        }
        body.text("[").number(body.key.offset + u64{i} * sectorsize).text("] 0x");
        body.out.hex_bytes(body.bytes.subspan(i * csum_size, csum_size));
    }
    body.end();
}

} // namespace btrkit::body_text

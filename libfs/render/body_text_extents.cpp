// SPDX-License-Identifier: MIT
#include "libfs/render/body_text.h"
#include "libfs/tree/extent_ref.h"

namespace btrkit::body_text {

namespace item_type = btrfs::item_type;

namespace {

void put_root_history(Body& body, const btrfs::RootItem& root) {
    body.uuid("uuid", root.uuid);
    body.uuid("parent_uuid", root.parent_uuid);
    body.uuid("received_uuid", root.received_uuid);
    body.line().text("ctransid ").number(u64{root.ctransid}).text(" otransid ").number(u64{root.otransid});
    body.text(" stransid ").number(u64{root.stransid}).text(" rtransid ").number(u64{root.rtransid}).end();
    body.timespec("ctime", root.ctime);
    body.timespec("otime", root.otime);
    body.timespec("stime", root.stime);
    body.timespec("rtime", root.rtime);
}

void put_data_ref(Body& body, const ExtentRef& ref) {
    body.text("extent data backref root ");
    put_objectid(body.out, ref.root);
    body.text(" objectid ").number(ref.objectid).text(" offset ").number(ref.offset);
    body.text(" count ").number(ref.count).end();
}

/// What inline references are ordered by comes first: "(type 0xSEQUENCE) ".
void put_inline_ref(Body& body, const ExtentRef& ref) {
    const bool is_owner = ref.type == item_type::extent_owner_ref;
    // The peer's own slip: one tab before the owner, and a 't' where the second was meant.
    body.text(is_owner ? "\t(" : "\t\t(").number(ref.type).text(" 0x");
    body.out.hex(ref.sequence());
    body.text(is_owner ? ") t" : ") ");
    switch (ref.type) {
    case item_type::tree_block_ref:
        body.text("tree block backref root ");
        put_objectid(body.out, ref.root);
        body.end();
        break;
    case item_type::shared_block_ref: body.text("shared block backref parent ").number(ref.parent).end(); break;
    case item_type::extent_data_ref: put_data_ref(body, ref); break;
    case item_type::shared_data_ref:
        body.text("shared data backref parent ").number(ref.parent).text(" count ").number(ref.count).end();
        break;
    case item_type::extent_owner_ref: body.text("extent owner root ").number(ref.root).end(); break;
    default: break;
    }
}

void put_extent_flags(TextBuffer& out, u64 flags) {
    constexpr auto kinds = btrfs::FlagNames(btrfs::extent_flag_names).first(2);
    put_flags(out, flags & btrfs::known_flags(kinds), kinds);
    if ((flags & btrfs::extent_flag_full_backref) != 0) {
        out.put("|FULL_BACKREF");
    }
}

} // namespace

void root_item(Body& body) {
    if (body.bytes.size() < btrfs::legacy_root_item_size) {
        return;
    }
    // Old filesystems have the head only; the rest is then zero.
    btrfs::RootItem root;
    std::memcpy(&root, body.bytes.data(), std::min(body.bytes.size(), sizeof(root)));
    body.line().text("generation ").number(u64{root.generation}).text(" root_dirid ").number(u64{root.root_dirid});
    body.text(" bytenr ").number(u64{root.bytenr}).text(" byte_limit ").number(u64{root.byte_limit});
    body.text(" bytes_used ").number(u64{root.bytes_used}).end();
    body.line().text("last_snapshot ").number(u64{root.last_snapshot}).text(" flags 0x");
    body.out.hex(root.flags);
    body.text((root.flags & btrfs::root_subvol_rdonly) != 0 ? "(RDONLY) refs " : "(none) refs ");
    body.number(u32{root.refs}).end();
    body.line().text("drop_progress key ");
    put_key(body.out, root.drop_progress.to_key());
    body.text(" drop_level ").number(root.drop_level).end();
    body.line().text("level ").number(root.level).text(" generation_v2 ").number(u64{root.generation_v2}).end();
    if (root.generation == root.generation_v2) {
        put_root_history(body, root);
    }
}

void root_ref(Body& body, std::string_view kind) {
    const auto* ref = body.at<btrfs::RootRef>();
    if (ref == nullptr) {
        return;
    }
    body.line().text("root ").text(kind).text(" key dirid ").number(u64{ref->dirid}).text(" sequence ");
    body.number(u64{ref->sequence}).text(" name ");
    // Never hidden: the peer shows the names of subvolumes even where it hides all others.
    put_escaped(body.out, as_text(clipped(body.bytes, sizeof(*ref), ref->name_len)));
    body.end();
}

void extent_item(Body& body) {
    const auto* extent = body.at<btrfs::ExtentItem>();
    if (extent == nullptr) {
        return;
    }
    body.line().text("refs ").number(u64{extent->refs}).text(" gen ").number(u64{extent->generation}).text(" flags ");
    put_extent_flags(body.out, extent->flags);
    body.end();
    std::size_t offset = sizeof(*extent);
    if (body.key.type == item_type::metadata_item) {
        body.line().text("tree block skinny level ").number(static_cast<int>(body.key.offset)).end();
    } else if ((extent->flags & btrfs::extent_flag_tree_block) != 0) {
        const auto* info = body.at<btrfs::TreeBlockInfo>(offset);
        if (info == nullptr) {
            return;
        }
        body.line().text("tree block key ");
        put_key(body.out, info->key.to_key());
        body.text(" level ").number(info->level).end();
        offset += sizeof(*info);
    }
    InlineRefs refs(body.bytes.subspan(offset));
    while (const auto ref = refs.next()) {
        put_inline_ref(body, *ref);
    }
}

void extent_data_ref(Body& body) {
    if (const auto ref = decode_keyed_ref(body.key, body.bytes)) {
        put_data_ref(body.line(), *ref);
    }
}

void shared_data_ref(Body& body) {
    if (const auto ref = decode_keyed_ref(body.key, body.bytes)) {
        body.line().text("shared data backref count ").number(ref->count).end();
    }
}

void extent_owner_ref(Body& body) {
    if (const auto* ref = body.at<btrfs::ExtentOwnerRef>()) {
        body.line().text("extent owner root ").number(u64{ref->root_id}).end();
    }
}

} // namespace btrkit::body_text

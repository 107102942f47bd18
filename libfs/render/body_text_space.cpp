// SPDX-License-Identifier: MIT
#include "libfs/render/body_text.h"
#include "libfs/render/chunk_text.h"

namespace btrkit::body_text {

namespace {

constexpr std::array<std::string_view, 2> replace_mode_names = {"ALWAYS", "AVOID"};
constexpr std::array<std::string_view, 5> replace_state_names = {"NEVER_STARTED", "STARTED", "FINISHED", "CANCELED",
                                                                 "SUSPENDED"};

void put_word(TextBuffer& out, std::span<const std::string_view> words, u64 number) {
    if (number < words.size()) {
        out.put(words[number]);
    } else {
        out.put("unknown(");
        out.dec(number);
        out.put(')');
    }
}

void put_qgroup_status_flags(TextBuffer& out, u64 flags) {
    constexpr auto names = btrfs::FlagNames(btrfs::qgroup_status_flag_names);
    out.put((flags & btrfs::qgroup_status_on) != 0 ? "ON" : "OFF");
    for (const auto& flag : names.subspan(1)) {
        if ((flags & flag.bit) != 0) {
            out.put('|');
            out.put(flag.name);
        }
    }
}

void put_balance_args(Body& body, std::string_view kind, const btrfs::BalanceArgs& args) {
    body.line().text(kind).end();
    body.line().text("profiles ").number(u64{args.profiles}).text(" devid ").number(u64{args.devid});
    body.text(" target ").number(u64{args.target}).text(" flags ").number(u64{args.flags}).end();
    body.line().text("usage_min ").number(u32{args.usage_min}).text(" usage_max ").number(u32{args.usage_max});
    body.text(" pstart ").number(u64{args.pstart}).text(" pend ").number(u64{args.pend}).end();
    body.line().text("vstart ").number(u64{args.vstart}).text(" vend ").number(u64{args.vend});
    body.text(" limit_min ").number(u32{args.limit_min}).text(" limit_max ").number(u32{args.limit_max}).end();
    body.line().text("stripes_min ").number(u32{args.stripes_min}).text(" stripes_max ");
    body.number(u32{args.stripes_max}).end();
}

void put_balance(Body& body) {
    const auto* balance = body.at<btrfs::BalanceItem>();
    if (balance == nullptr) {
        return;
    }
    body.line().text("balance status flags ").number(u64{balance->flags}).end();
    put_balance_args(body, "DATA", balance->data);
    put_balance_args(body, "METADATA", balance->meta);
    put_balance_args(body, "SYSTEM", balance->sys);
}

void put_csum_change(Body& body) {
    if (body.key.offset < btrfs::csum_types.size()) {
        body.line().text("target csum type ").text(btrfs::csum_types[body.key.offset].name).text(" (");
        body.number(body.key.offset).text(")").end();
    } else {
        body.line().text("unknown csum type ").number(body.key.offset).end();
    }
}

void put_dev_stats(Body& body) {
    const auto* stats = body.at<btrfs::DevStatsItem>();
    body.line().text("device stats").end();
    if (stats == nullptr) {
        return;
    }
    body.line().text("write_errs ").number(u64{stats->write_errs}).text(" read_errs ").number(u64{stats->read_errs});
    body.text(" flush_errs ").number(u64{stats->flush_errs}).text(" corruption_errs ");
    body.number(u64{stats->corruption_errs}).text(" generation ").number(u64{stats->generation_errs}).end();
    if (body.bytes.size() == sizeof(*stats)) {
        return;
    }
    body.line().text("unknown stats item bytes ").number(body.bytes.size() - sizeof(*stats));
    // The first of the values stands in the same line.
    std::size_t offset = sizeof(*stats);
    if (body.at<btrfs::le64>(offset) == nullptr) {
        body.end();
    }
    while (const auto* value = body.at<btrfs::le64>(offset)) {
        body.line().text("unknown item ").number(offset / sizeof(*value)).text(" offset ").number(offset);
        body.text(" value ").number(u64{*value}).end();
        offset += sizeof(*value);
    }
}

/// Which object a persistent or temporary item is about.
void put_item_object(Body& body, std::string_view kind) {
    body.line().text(kind).text(" item objectid ");
    put_objectid(body.out, body.key.objectid, body.key.type);
    body.text(" offset ").number(body.key.offset).end();
}

void put_replace_time(Body& body, std::string_view name, u64 seconds) {
    body.line().text(name).text(" ").number(seconds).text(" (");
    body.time.put(body.out, static_cast<std::int64_t>(seconds));
    body.text(")").end();
}

} // namespace

void free_space_header(Body& body) {
    if (const auto* header = body.at<btrfs::FreeSpaceHeader>()) {
        body.line().text("location key ");
        put_key(body.out, header->location.to_key());
        body.end();
        body.line().text("cache generation ").number(u64{header->generation}).text(" entries ");
        body.number(u64{header->num_entries}).text(" bitmaps ").number(u64{header->num_bitmaps}).end();
    }
}

void free_space_info(Body& body) {
    if (const auto* info = body.at<btrfs::FreeSpaceInfo>()) {
        body.line().text("free space info extent count ").number(u32{info->extent_count});
        body.text(" flags ").number(u32{info->flags}).end();
    }
}

void block_group_item(Body& body) {
    if (const auto* group = body.at<btrfs::BlockGroupItem>()) {
        body.line().text("block group used ").number(u64{group->used}).text(" chunk_objectid ");
        body.number(u64{group->chunk_objectid}).text(" flags ");
        put_block_group_flags(body.out, group->flags);
        body.end();
    }
}

void dev_item(Body& body) {
    const auto* item = body.at<btrfs::DevItem>();
    if (item == nullptr) {
        return;
    }
    body.line().text("devid ").number(u64{item->devid}).text(" total_bytes ").number(u64{item->total_bytes});
    body.text(" bytes_used ").number(u64{item->bytes_used}).end();
    body.line().text("io_align ").number(u32{item->io_align}).text(" io_width ").number(u32{item->io_width});
    body.text(" sector_size ").number(u32{item->sector_size}).text(" type ").number(u64{item->type}).end();
    body.line().text("generation ").number(u64{item->generation}).text(" start_offset ");
    body.number(u64{item->start_offset}).text(" dev_group ").number(u32{item->dev_group}).end();
    body.line().text("seek_speed ").number(item->seek_speed).text(" bandwidth ").number(item->bandwidth).end();
    body.uuid("uuid", item->uuid);
    body.uuid("fsid", item->fsid);
}

void dev_extent(Body& body) {
    const auto* extent = body.at<btrfs::DevExtent>();
    if (extent == nullptr) {
        return;
    }
    body.line().text("dev extent chunk_tree ").number(u64{extent->chunk_tree}).end();
    body.line().text("chunk_objectid ").number(u64{extent->chunk_objectid}).text(" chunk_offset ");
    body.number(u64{extent->chunk_offset}).text(" length ").number(u64{extent->length}).end();
    body.uuid("chunk_tree_uuid", extent->chunk_tree_uuid);
}

void raid_stripe(Body& body) {
    std::size_t number = 0;
    while (const auto* stride = body.at<btrfs::RaidStride>(number * sizeof(btrfs::RaidStride))) {
        body.text("\t\t\tstripe ").number(number).text(" devid ").number(u64{stride->devid});
        body.text(" physical ").number(u64{stride->physical}).end();
        ++number;
    }
}

void remap(Body& body) {
    if (const auto* item = body.at<btrfs::RemapItem>()) {
        body.line().text("address ").number(u64{item->address}).end();
    }
}

void qgroup_status(Body& body) {
    const auto* status = body.at<btrfs::QgroupStatusItem>();
    if (status == nullptr) {
        return;
    }
    body.line().text("version ").number(u64{status->version}).text(" generation ").number(u64{status->generation});
    body.text(" flags ");
    put_qgroup_status_flags(body.out, status->flags);
    body.text(" scan ").number(u64{status->rescan});
    const auto* tail = body.at<btrfs::QgroupStatusTail>(sizeof(*status));
    if (tail != nullptr && body.context.geometry.has_incompat(btrfs::incompat_simple_quota)) {
        body.text(" enable_gen ").number(u64{tail->enable_gen});
    }
    body.end();
}

void qgroup_info(Body& body) {
    if (const auto* info = body.at<btrfs::QgroupInfoItem>()) {
        body.line().text("generation ").number(u64{info->generation}).end();
        body.line().text("referenced ").number(u64{info->rfer}).text(" referenced_compressed ");
        body.number(u64{info->rfer_cmpr}).end();
        body.line().text("exclusive ").number(u64{info->excl}).text(" exclusive_compressed ");
        body.number(u64{info->excl_cmpr}).end();
    }
}

void qgroup_limit(Body& body) {
    if (const auto* limit = body.at<btrfs::QgroupLimitItem>()) {
        const auto is_signed = [](u64 value) { return static_cast<std::int64_t>(value); };
        body.line().text("flags ");
        body.out.hex(limit->flags);
        body.end();
        body.line().text("max_referenced ").number(is_signed(limit->max_rfer)).text(" max_exclusive ");
        body.number(is_signed(limit->max_excl)).end();
        body.line().text("rsv_referenced ").number(is_signed(limit->rsv_rfer)).text(" rsv_exclusive ");
        body.number(is_signed(limit->rsv_excl)).end();
    }
}

void uuid_item(Body& body) {
    if (!is_aligned(body.bytes.size(), sizeof(btrfs::le64))) {
        body.text("btrfs: uuid item with illegal size ").number(body.bytes.size()).text("!").end();
        return;
    }
    std::size_t offset = 0;
    while (const auto* id = body.at<btrfs::le64>(offset)) {
        body.line().text("subvol_id ").number(u64{*id}).end();
        offset += sizeof(*id);
    }
}

void string_item(Body& body) {
    body.line().text("item data ");
    put_escaped(body.out, as_text(body.bytes));
    body.end();
}

void persistent_item(Body& body) {
    put_item_object(body, "persistent");
    if (body.key.objectid == btrfs::dev_stats_objectid) {
        put_dev_stats(body);
    } else {
        body.line().text("unknown persistent item objectid ").number(body.key.objectid).end();
    }
}

void temporary_item(Body& body) {
    put_item_object(body, "temporary");
    if (body.key.objectid == btrfs::balance_objectid) {
        put_balance(body);
    } else if (body.key.objectid == btrfs::csum_change_objectid) {
        put_csum_change(body);
    } else {
        body.line().text("unknown temporary item objectid ").number(body.key.objectid).end();
    }
}

void dev_replace(Body& body) {
    const auto* item = body.at<btrfs::DevReplaceItem>();
    if (item == nullptr) {
        return;
    }
    body.line().text("src devid ").number(static_cast<std::int64_t>(u64{item->src_devid})).text(" cursor left ");
    body.number(u64{item->cursor_left}).text(" cursor right ").number(u64{item->cursor_right}).text(" mode ");
    put_word(body.out, replace_mode_names, item->cont_reading_from_srcdev_mode);
    body.end();
    body.line().text("state ");
    put_word(body.out, replace_state_names, item->replace_state);
    body.text(" write errors ").number(u64{item->num_write_errors}).text(" uncorrectable read errors ");
    body.number(u64{item->num_uncorrectable_read_errors}).end();
    put_replace_time(body, "start time", item->time_started);
    // The peer prints the start time here as well; a text that is to be trusted shows the right one.
    put_replace_time(body, "stop time", item->time_stopped);
}

} // namespace btrkit::body_text

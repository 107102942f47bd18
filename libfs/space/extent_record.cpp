// SPDX-License-Identifier: MIT
#include "libfs/space/extent_record.h"

#include "libfs/base/sort_by_rank.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

std::unexpected<Error> bad_extent(u64 bytenr, std::string_view what) {
    return fail(ErrorKind::damaged, fmt::format("extent {}: {}", bytenr, what));
}

/// Whether an item with such a key can be of such an extent.
bool is_possible(const btrfs::Key& key, const Extent& extent) {
    const bool is_block = (extent.flags & btrfs::extent_flag_tree_block) != 0;
    return is_block != extent.is_data() && (is_block || key.type == type::extent_item) &&
           extent.level < btrfs::max_level_count;
}

template <class T>
void append(std::vector<std::byte>& body, const T& part) {
    const Bytes bytes = as_bytes_of(part);
    body.insert(body.end(), bytes.begin(), bytes.end());
}

/// The extent's own item without references.
EncodedItem head_of(const ExtentRecord& record) {
    const bool is_skinny = !record.is_data() && !record.first_key;
    EncodedItem item;
    constexpr std::size_t usual_bytes = 128; // with a few references
    item.body.reserve(usual_bytes);
    item.key = {record.bytenr, is_skinny ? type::metadata_item : type::extent_item,
                is_skinny ? record.level : record.length_bytes};
    append(item.body,
           btrfs::ExtentItem{.refs = record.ref_count(), .generation = record.generation, .flags = record.flags});
    if (!record.is_data() && record.first_key) {
        append(item.body, btrfs::TreeBlockInfo{.key = btrfs::DiskKey::from(*record.first_key), .level = record.level});
    }
    return item;
}

/// Sorted; where keys would be the same, the later ones go up to the next free offset.
std::vector<EncodedItem> keyed_items(u64 bytenr, std::span<const ExtentRef> refs) {
    std::vector<EncodedItem> items;
    for (const ExtentRef& ref : refs) {
        const auto stored = encode_keyed_ref(ref);
        items.push_back({key_of_ref(bytenr, ref), {stored.bytes().begin(), stored.bytes().end()}});
    }
    std::ranges::sort(items, {}, [](const EncodedItem& item) { return std::tie(item.key, item.body); });
    for (std::size_t i = 1; i < items.size(); ++i) {
        items[i].key = std::max(items[i].key, btrfs::next_key(items[i - 1].key));
    }
    return items;
}

} // namespace

u64 ExtentRecord::ref_count() const {
    return std::accumulate(refs.begin(), refs.end(), u64{0},
                           [](u64 sum, const ExtentRef& ref) { return sum + ref.count; });
}

ExtentRecord record_of_block(const Geometry& geometry, const btrfs::TreeBlockHeader& header,
                             const btrfs::Key& first_key, u64 flags) {
    const bool is_skinny = geometry.has_incompat(btrfs::incompat_skinny_metadata);
    return {.bytenr = header.bytenr,
            .length_bytes = geometry.nodesize,
            .generation = header.generation,
            .flags = btrfs::extent_flag_tree_block | flags,
            .level = header.level,
            .first_key = is_skinny ? std::nullopt : std::optional(first_key),
            .refs = {}};
}

ExtentRecord record_of_data(Range extent, u64 generation, u64 quota_owner) {
    ExtentRecord record{.bytenr = extent.start,
                        .length_bytes = extent.length(),
                        .generation = generation,
                        .flags = btrfs::extent_flag_data,
                        .level = 0,
                        .first_key = {},
                        .refs = {}};
    if (quota_owner != 0) {
        record.refs.push_back({.type = type::extent_owner_ref, .root = quota_owner});
    }
    return record;
}

bool stands_before(const ExtentRef& one, const ExtentRef& other) {
    return one.type != other.type ? one.type < other.type : rank_of(one) < rank_of(other);
}

RefRank rank_of(const ExtentRef& ref) {
    return {.type = ref.type, .rest = {~ref.sequence(), ~ref.root, ~ref.objectid, ~ref.offset}};
}

Result<ExtentRecordReader> ExtentRecordReader::begin(const btrfs::Key& key, Bytes body, const Geometry& geometry) {
    const auto extent = parse_extent(key, body, geometry);
    if (!extent) {
        return bad_extent(key.objectid, "its item is too short, or none of an extent");
    }
    if (!is_possible(key, *extent)) {
        return bad_extent(key.objectid,
                          fmt::format("its item has flags {:#x} and level {}", extent->flags, extent->level));
    }
    ExtentRecord record{.bytenr = extent->bytenr,
                        .length_bytes = extent->length_bytes,
                        .generation = extent->generation,
                        .flags = extent->flags,
                        .level = extent->level,
                        .first_key = {},
                        .refs = {}};
    if (!extent->is_data() && key.type == type::extent_item) {
        const auto* info = view_at<btrfs::TreeBlockInfo>(body, sizeof(btrfs::ExtentItem));
        if (info == nullptr) {
            return bad_extent(key.objectid, "its item is too short");
        }
        record.first_key = info->key.to_key();
    }
    ExtentRecordReader reader(std::move(record), extent->refs);
    InlineRefs refs(inline_refs_of(*extent, key, body));
    while (const auto ref = refs.next()) {
        BTRKIT_TRY(reader.take(*ref));
    }
    if (!refs.rest().empty()) {
        return bad_extent(key.objectid, "something in its item is no reference");
    }
    return reader;
}

Result<void> ExtentRecordReader::add(const btrfs::Key& key, Bytes body) {
    assert(owns(key));
    KeyedRefs refs(key, body);
    auto ref = refs.next();
    if (!ref) {
        return bad_extent(record_.bytenr, "a reference with its own key is cut off");
    }
    for (; ref; ref = refs.next()) {
        BTRKIT_TRY(take(*ref));
    }
    return {};
}

Result<void> ExtentRecordReader::take(const ExtentRef& ref) {
    if (record_.is_data() ? ref.is_of_block() : ref.is_of_data()) {
        return bad_extent(record_.bytenr, "a reference of another kind than the extent");
    }
    if (ref.count == 0 && ref.type != type::extent_owner_ref) {
        return bad_extent(record_.bytenr, "a reference with count 0");
    }
    record_.refs.push_back(ref);
    return {};
}

Result<ExtentRecord> ExtentRecordReader::finish() && {
    sort_by_rank(std::span(record_.refs), rank_of);
    const auto twice = std::ranges::adjacent_find(
        record_.refs, [](const ExtentRef& one, const ExtentRef& next) { return !stands_before(one, next); });
    if (twice != record_.refs.end()) {
        return bad_extent(record_.bytenr, "two references of one referrer");
    }
    if (record_.ref_count() != stated_refs_) {
        return bad_extent(record_.bytenr,
                          fmt::format("refs {}, but {} are recorded", stated_refs_, record_.ref_count()));
    }
    return std::move(record_);
}

std::vector<EncodedItem> encode_extent(const ExtentRecord& record, u32 nodesize) {
    assert(std::ranges::is_sorted(record.refs, stands_before) && record.ref_count() > 0);
    std::vector<EncodedItem> items;
    items.push_back(head_of(record));
    auto& body = items.front().body;
    // The kernel puts no reference inline where an extent has keyed ones: so none is, behind the first that is not.
    std::span<const ExtentRef> rest = record.refs;
    for (; !rest.empty(); rest = rest.subspan(1)) {
        const auto stored = encode_inline_ref(rest.front());
        if (body.size() + stored.bytes().size() >= extent_item_size_limit(nodesize)) {
            break;
        }
        body.insert(body.end(), stored.bytes().begin(), stored.bytes().end());
    }
    std::ranges::move(keyed_items(record.bytenr, rest), std::back_inserter(items));
    return items;
}

} // namespace btrkit

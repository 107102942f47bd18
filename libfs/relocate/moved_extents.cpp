// SPDX-License-Identifier: MIT
#include "libfs/relocate/moved_extents.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/item_range.h"
#include "libfs/space/extent_lookup.h"

#include <algorithm>

namespace btrkit {

namespace {

/// An extent's items, one behind the other, and whose they are.
struct OpenExtent {
    ExtentRecordReader reader;
    std::vector<EncodedItem> items;
};

class ExtentTranslation {
public:
    ExtentTranslation(Transaction& transaction, const AddressMap& data, const GraphRewriter& blocks)
        : transaction_(transaction), data_(data), blocks_(blocks) {}

    Result<void> accept(const btrfs::Key& key, Bytes body) {
        if (key.type == btrfs::item_type::extent_item || key.type == btrfs::item_type::metadata_item) {
            BTRKIT_TRY(finish());
            BTRKIT_TRY_ASSIGN(auto reader, ExtentRecordReader::begin(key, body, transaction_.geometry()));
            open_.emplace(OpenExtent{.reader = std::move(reader), .items = {item(key, body)}});
        } else if (open_ && open_->reader.owns(key)) {
            BTRKIT_TRY(open_->reader.add(key, body));
            open_->items.push_back(item(key, body));
        }
        return {};
    }

    Result<void> finish() {
        if (!open_) {
            return {};
        }
        auto items = std::move(open_->items);
        BTRKIT_TRY_ASSIGN(auto record, std::move(open_->reader).finish());
        open_.reset();
        if (!translate_extent(record, data_, [this](u64 address) { return blocks_.find(address); })) {
            return {};
        }
        BTRKIT_TRY_ASSIGN(auto* extents, transaction_.tree(btrfs::extent_tree_id));
        extents->apply(edits_between(items, encode_extent(record, transaction_.geometry().nodesize)));
        return transaction_.relieve();
    }

private:
    static EncodedItem item(const btrfs::Key& key, Bytes body) { return {key, {body.begin(), body.end()}}; }

    Transaction& transaction_;
    const AddressMap& data_;
    const GraphRewriter& blocks_;
    std::optional<OpenExtent> open_;
};

} // namespace

bool translate_extent(ExtentRecord& record, const AddressMap& data,
                      const std::function<std::optional<u64>(u64)>& block_now) {
    const auto now = record.is_data() ? data.find(record.bytenr) : block_now(record.bytenr);
    record.bytenr = now.value_or(record.bytenr);
    bool has_other_parent = false;
    for (auto& ref : record.refs) {
        const auto parent = ref.is_shared() ? block_now(ref.parent) : std::nullopt;
        ref.parent = parent.value_or(ref.parent);
        has_other_parent = has_other_parent || parent;
    }
    if (has_other_parent) {
        std::ranges::sort(record.refs, stands_before);
    }
    return now || has_other_parent;
}

Result<void> translate_extents(Transaction& transaction, const AddressMap& data, const GraphRewriter& blocks,
                               const RunContext& context) {
    const auto& committed = transaction.committed();
    BTRKIT_TRY_ASSIGN(const auto tree, committed.find_tree(btrfs::extent_tree_id));
    ItemRange items(committed.reader(), tree.block, KeyRange{});
    ExtentTranslation translation(transaction, data, blocks);
    for (;;) {
        BTRKIT_TRY_ASSIGN(const bool is_there, items.next());
        if (!is_there) {
            return translation.finish();
        }
        if (context.stop.stop_requested()) {
            return fail(ErrorKind::cancelled, "stopped; nothing was changed");
        }
        BTRKIT_TRY(translation.accept(items.key(), items.data()));
    }
}

} // namespace btrkit

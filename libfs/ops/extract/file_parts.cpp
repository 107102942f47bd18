// SPDX-License-Identifier: MIT
#include "libfs/ops/extract/file_parts.h"

#include "formats/btrfs/item_types.h"

namespace btrkit::extract {

namespace {

/// None that items count: something was lost, whatever they say.
constexpr auto unknown_count = ~std::size_t{0};

} // namespace

void FileParts::begin(InodeItems& items, const Inode& inode) {
    items_ = &items;
    inode_ = inode.number;
    size_ = inode.size;
    position_ = 0;
    missed_count_ = 0;
    waiting_.reset();
}

FilePart FileParts::lost_until(u64 end) {
    const u64 from = std::exchange(position_, end);
    return FilePart{{.kind = ExtentKind::hole, .offset = from, .length = end - from}};
}

std::optional<FilePart> FileParts::lost_gap(u64 end) {
    const auto missed = items_->missed_count();
    if (std::exchange(missed_count_, missed) == missed || position_ >= end) {
        return std::nullopt;
    }
    return lost_until(end);
}

std::optional<FilePart> FileParts::next() {
    namespace type = btrfs::item_type;
    const btrfs::Key last{inode_, type::extent_data, ~u64{0}};
    while (position_ < size_) {
        if (waiting_) {
            position_ = waiting_->extent.offset + waiting_->extent.length;
            return std::exchange(waiting_, std::nullopt);
        }
        const bool is_there = items_->valid() && items_->key() <= last;
        if (is_there && (items_->key().objectid != inode_ || items_->key().type != type::extent_data)) {
            items_->next();
            continue;
        }
        const u64 begin = is_there ? std::min(items_->key().offset, size_) : size_;
        if (auto lost = lost_gap(begin)) {
            return lost; // and the same item once more
        }
        if (begin == size_) {
            break;
        }
        auto parsed = parse_file_extent(tree_, items_->key(), items_->data(), sectorsize_);
        items_->next();
        if (!parsed) { // lost up to where the next item begins
            position_ = std::max(position_, begin);
            missed_count_ = unknown_count;
            continue;
        }
        const u64 end = std::min(begin + parsed->length, size_);
        if (begin < position_) { // of what two items tell, the first is believed
            if (end > position_) {
                return lost_until(end);
            }
            continue;
        }
        position_ = begin;
        parsed->length = end - begin;
        if (parsed->is_data()) {
            waiting_ = FilePart{std::move(*parsed)};
        } else {
            position_ = end;
        }
    }
    position_ = size_;
    return std::nullopt;
}

} // namespace btrkit::extract

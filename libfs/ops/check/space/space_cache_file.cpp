// SPDX-License-Identifier: MIT
#include "libfs/ops/check/space/space_cache_file.h"

#include "formats/btrfs/free_space.h"
#include "libfs/base/checksum.h"
#include "libfs/ops/check/space/bit_runs.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace btrkit::check {

namespace {

/// A block group of 10 GiB, the largest that the kernel makes, has at most a third of these.
constexpr std::size_t most_ranges = std::size_t{1} << 22;

/// Why a file can't be taken.
using Refusal = std::unexpected<std::string>;

Refusal refuse(std::string why) {
    return Refusal(std::move(why));
}

/// Gives out page after page, each only if its checksum is right.
class Pages {
public:
    Pages(Bytes file, u32 page_size) : file_(file), page_size_(page_size) {}

    u64 count() const { return file_.size() / page_size_; }
    u64 crcs_size() const { return count() * sizeof(btrfs::le32); }

    /// The next page; of the first one what stands behind the checksums.
    std::expected<Bytes, std::string> next() {
        if (next_ >= count()) {
            return refuse("its pages end before its entries");
        }
        const u64 begin = next_ == 0 ? crcs_size() : 0;
        const Bytes page = file_.subspan(next_ * page_size_ + begin, page_size_ - begin);
        btrfs::CsumBytes stored{};
        const Bytes crc = file_.subspan(next_ * sizeof(btrfs::le32), sizeof(btrfs::le32));
        std::memcpy(&stored, crc.data(), crc.size());
        if (!checksum_matches(btrfs::CsumType::crc32c, page, stored)) {
            return refuse(fmt::format("checksum of page {} does not match", next_));
        }
        ++next_;
        return page;
    }

private:
    Bytes file_;
    u32 page_size_;
    u64 next_ = 0;
};

class Parser {
public:
    Parser(Bytes file, const SpaceCacheFrame& frame) : frame_(frame), pages_(file, frame.sectorsize) {}

    std::expected<RangeSet, std::string> run() {
        if (pages_.count() == 0 || pages_.crcs_size() + sizeof(btrfs::le64) > frame_.sectorsize) {
            return refuse(fmt::format("it can't have {} pages", pages_.count()));
        }
        if (auto why = read_entries()) {
            return refuse(std::move(*why));
        }
        if (bitmaps_.size() != frame_.bitmap_count) {
            return refuse(
                fmt::format("it has {} bitmaps, but its header says {}", bitmaps_.size(), frame_.bitmap_count));
        }
        if (auto why = read_bitmaps()) {
            return refuse(std::move(*why));
        }
        return sorted();
    }

private:
    using Why = std::optional<std::string>;

    Why read_entries() {
        auto page = pages_.next();
        if (!page) {
            return page.error();
        }
        const auto* generation = view_at<btrfs::le64>(*page);
        if (generation == nullptr || *generation != frame_.generation) {
            return fmt::format("generation is {}, but its header says {}", generation != nullptr ? u64{*generation} : 0,
                               frame_.generation);
        }
        std::size_t at = sizeof(*generation);
        for (u64 i = 0; i < frame_.entry_count; ++i) {
            if (page->size() - at < sizeof(btrfs::FreeSpaceEntry)) {
                page = pages_.next();
                if (!page) {
                    return page.error();
                }
                at = 0;
            }
            if (auto why = add_entry(*view_at<btrfs::FreeSpaceEntry>(*page, at))) {
                return why;
            }
            at += sizeof(btrfs::FreeSpaceEntry);
        }
        return std::nullopt;
    }

    Why add_entry(const btrfs::FreeSpaceEntry& entry) {
        const u64 offset = entry.offset;
        const u64 bytes = entry.bytes;
        const bool is_inside = offset >= frame_.group.start && offset < frame_.group.end;
        if (!is_inside || bytes == 0) {
            return fmt::format("an entry has {} bytes at {}", bytes, offset);
        }
        if (entry.type == btrfs::free_space_entry_bitmap) {
            bitmaps_.push_back(entry);
        } else if (entry.type != btrfs::free_space_entry_extent) {
            return fmt::format("the entry of {} has the unknown type {}", offset, entry.type);
        } else if (bytes > frame_.group.end - offset) {
            return fmt::format("the entry of {} bytes at {} reaches beyond the block group", bytes, offset);
        } else {
            ranges_.push_back({offset, offset + bytes});
        }
        return std::nullopt;
    }

    Why read_bitmaps() {
        for (const auto& entry : bitmaps_) {
            const auto page = pages_.next();
            if (!page) {
                return page.error();
            }
            if (ranges_.size() > most_ranges) {
                return "it has more free ranges than a block group can have";
            }
            const u64 bytes = add_bitmap(entry.offset, *page);
            if (bytes != entry.bytes) {
                return fmt::format("the bitmap at {} has {} bytes, but its entry says {}", u64{entry.offset}, bytes,
                                   u64{entry.bytes});
            }
        }
        return std::nullopt;
    }

    /// Returns how many bytes are free in it.
    u64 add_bitmap(u64 offset, Bytes page) {
        const u64 sectors = (frame_.group.end - offset) / frame_.sectorsize;
        u64 bytes = 0;
        for_each_run(page, sectors, [&](u64 first, u64 last) {
            ranges_.push_back({offset + first * frame_.sectorsize, offset + last * frame_.sectorsize});
            bytes += ranges_.back().length();
        });
        return bytes;
    }

    /// What was held back for allocation stands behind the rest, out of order.
    std::expected<RangeSet, std::string> sorted() {
        std::ranges::sort(ranges_);
        RangeSet result;
        u64 end = 0;
        for (const Range& range : ranges_) {
            if (range.start < end) {
                return refuse(fmt::format("it has {} twice", range.start));
            }
            end = range.end;
            result.append(range);
        }
        return result;
    }

    const SpaceCacheFrame& frame_;
    Pages pages_;
    std::vector<Range> ranges_;
    std::vector<btrfs::FreeSpaceEntry> bitmaps_;
};

} // namespace

std::expected<RangeSet, std::string> parse_space_cache(Bytes file, const SpaceCacheFrame& frame) {
    return Parser(file, frame).run();
}

} // namespace btrkit::check

// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/space/missing_csums.h"

#include "formats/btrfs/inode.h"
#include "libfs/base/checksum.h"
#include "libfs/edit/csum_items.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/repair/extents/range_collector.h"
#include "libfs/survey/read_roots.h"
#include "libfs/survey/scan/file_tree_roots.h"
#include "libfs/tree/tree_search.h"

#include <map>

#include <fmt/format.h>

namespace btrkit::repair {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t inode_cache_bytes = std::size_t{16} << 20;
constexpr u64 csum_step_bytes = u64{1} << 20;

/// Data of files that want checksums.
class SummedData final : public ScanHandler {
public:
    SummedData(const Filesystem& filesystem, std::span<const ScanRoot> roots)
        : roots_(roots), cache_(filesystem.reader(), inode_cache_bytes) {}

    std::unique_ptr<LeafResult> work(const LeafVisit&, Problems&) override { return nullptr; }
    void accept(const ScanStep& step, const LeafVisit* leaf, std::unique_ptr<LeafResult>) override {
        if (step.kind != ScanStep::Kind::leaf || !step.is_first) {
            return;
        }
        for (u32 slot = 0; slot < leaf->block.count(); ++slot) {
            const auto key = leaf->block.key(slot);
            const auto stored =
                key.type == type::extent_data ? stored_extent(leaf->block.item_data(slot)) : std::nullopt;
            if (stored && stored->is_written() && wants_sums(step.root, key.objectid)) {
                data_.add(stored->needed());
            }
        }
    }

    RangeSet finish() && { return std::move(data_).finish(); }

private:
    bool wants_sums(std::size_t root, u64 inode) {
        if (last_ != std::pair(root, inode)) {
            last_ = {root, inode};
            auto& search = searches_.try_emplace(root, cache_, roots_[root].root.block).first->second;
            const auto is_there = search.find({inode, type::inode_item, 0});
            const auto* item = is_there && *is_there ? view_at<btrfs::InodeItem>(search.data()) : nullptr;
            last_wants_ = item != nullptr && (item->flags & btrfs::inode_nodatasum) == 0;
        }
        return last_wants_;
    }

    std::span<const ScanRoot> roots_;
    BlockCache cache_;
    std::map<std::size_t, TreeSearch> searches_;
    std::optional<std::pair<std::size_t, u64>> last_;
    bool last_wants_ = false;
    RangeCollector data_;
};

class CsumMaker {
public:
    explicit CsumMaker(Transaction& transaction)
        : transaction_(&transaction), filesystem_(&transaction.committed()), there_(*filesystem_) {}

    Result<void> make(Range range) {
        const u64 sector = filesystem_->geometry().sectorsize;
        for (u64 at = range.start; at < range.end; at += csum_step_bytes) {
            const u64 length = std::min(csum_step_bytes, range.end - at);
            BTRKIT_TRY_ASSIGN(const auto sums, there_.find({at}, length / sector));
            for (std::size_t number = 0; number < sums.size();) {
                std::size_t end = number;
                while (end < sums.size() && !sums[end]) {
                    ++end;
                }
                if (end > number) {
                    BTRKIT_TRY(put({at + number * sector, at + end * sector}));
                }
                number = end + 1;
            }
        }
        return {};
    }

private:
    Result<void> put(Range range) {
        BTRKIT_TRY_ASSIGN(const auto data, read_alike(range));
        const auto& geometry = filesystem_->geometry();
        ItemBuffer sums;
        for (std::size_t at = 0; at < data.size(); at += geometry.sectorsize) {
            const auto sum = checksum(geometry.csum_type, Bytes(data).subspan(at, geometry.sectorsize));
            sums.add_bytes(std::as_bytes(std::span(sum)).first(geometry.csum_size_bytes));
        }
        BTRKIT_TRY_ASSIGN(auto* tree, transaction_->tree(btrfs::csum_tree_id));
        BTRKIT_TRY(add_csums(*tree, geometry, {range.start}, sums.bytes()));
        return transaction_->relieve();
    }

    /// What every copy that can be read holds.
    Result<std::vector<std::byte>> read_alike(Range range) const {
        std::vector<std::byte> data(range.length());
        std::vector<std::byte> other(range.length());
        bool is_read = false;
        for (unsigned mirror = 1; mirror <= filesystem_->volume().mirror_count({range.start}); ++mirror) {
            auto& into = is_read ? other : data;
            if (!filesystem_->read_data({range.start}, into, mirror)) {
                continue;
            }
            if (is_read && other != data) {
                return fail(ErrorKind::damaged, fmt::format("copies of the data at {} differ", range.start));
            }
            is_read = true;
        }
        if (!is_read) {
            return fail(ErrorKind::damaged, fmt::format("the data at {} can't be read", range.start));
        }
        return data;
    }

    Transaction* transaction_;
    const Filesystem* filesystem_;
    DataChecksums there_;
};

} // namespace

Result<void> make_missing_csums(Transaction& transaction) {
    const RunContext context = {.parallelism = transaction.workspace().parallelism};
    Findings told_before;
    Survey survey{
        .filesystem = transaction.committed(), .run = context, .findings = told_before, .references = ReferenceSums(0)};
    read_roots(survey);
    const auto roots = file_tree_roots(survey.roots);
    SparseBits visited;
    SummedData wanted(transaction.committed(), roots);
    if (!scan_blocks(survey, roots, {.shares = true, .thorough = false, .visited = &visited}, wanted)) {
        return fail(ErrorKind::damaged, "blocks of files are lost, so it is not known which data has checksums");
    }
    CsumMaker maker(transaction);
    for (const auto& range : std::move(wanted).finish().ranges()) {
        BTRKIT_TRY(maker.make(range));
    }
    return {};
}

} // namespace btrkit::repair

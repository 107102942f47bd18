// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/path_account.h"

namespace btrkit::usage {

using namespace survey;

PathAccount::PathAccount(const AskedFiles& asked, std::size_t path_count, TreeSets& sets, WorstFiles& most_fragmented)
    : asked_(asked), sets_(sets), most_fragmented_(most_fragmented), uses_(path_count + 1), set_shared_(path_count + 1),
      lines_(asked.lines.size()), referrers_(path_count + 1) {}

const PathAccount::AskedTrees& PathAccount::asked_trees(RootSets::Id set) {
    constexpr std::size_t most_kept = 4096;
    const auto known = asked_trees_.find(set);
    if (known != asked_trees_.end()) {
        return known->second;
    }
    if (asked_trees_.size() >= most_kept) {
        asked_trees_.clear();
    }
    AskedTrees trees;
    for (const u32 number : sets_.members(set)) {
        ++trees.count;
        if (asked_.has_tree(number)) {
            trees.asked.push_back(number);
        }
    }
    return asked_trees_.emplace(set, std::move(trees)).first->second;
}

/// Calls visit with the entries of each file that has that inode in one of the trees and was asked for.
template <class Visit>
void PathAccount::for_each_asked(RootSets::Id roots, u64 inode, Visit&& visit) {
    for (const u32 number : asked_trees(roots).asked) {
        if (const auto entries = asked_.find({.root = number, .inode = inode}); !entries.empty()) {
            visit(entries);
        }
    }
}

void PathAccount::accept(const ScanStep& step, std::span<const FilePart> parts) {
    if (step.kind != ScanStep::Kind::leaf || !step.is_first) {
        return;
    }
    for (const auto& part : parts) {
        for_each_asked(leaf_roots_, part.inode,
                       [&](std::span<const AskedFile> entries) { parts_.push_back({entries.front().id, part}); });
    }
}

void PathAccount::accept(const ExtentGroup& extent) {
    std::ranges::fill(referrers_, 0);
    u64 all_referrers = 0;
    std::vector<std::pair<Range, const DataRef*>> ranges;
    for (const auto& ref : extent.refs) {
        all_referrers += asked_trees(ref.roots).count;
        ranges.emplace_back(ref.fiemap_range(), &ref);
    }
    std::ranges::sort(ranges);
    const auto count = [&](std::size_t path, const DataRef& ref) {
        auto& use = uses_[path];
        ++referrers_[path];
        ++use.ref_count;
        use.total_bytes += ref.num_bytes;
        use.exclusive_bytes += extent.is_shared ? 0 : ref.num_bytes;
        use.kinds[static_cast<std::size_t>(ref.kind)].referenced_bytes += ref.num_bytes;
        if (extent.is_shared) {
            set_shared_[path].add(ref.fiemap_range());
        }
    };
    for (const auto& [range, ref] : ranges) {
        for_each_asked(ref->roots, ref->inode, [&](std::span<const AskedFile> entries) {
            for (const auto& entry : entries) {
                count(entry.path, *ref);
                if (!lines_.empty()) {
                    auto& line = lines_[entry.line];
                    line.total_bytes += ref->num_bytes;
                    line.shared_bytes += extent.is_shared ? ref->num_bytes : 0;
                }
            }
            count(uses_.size() - 1, *ref);
        });
    }
    for (std::size_t path = 0; path < uses_.size(); ++path) {
        if (referrers_[path] == 0) {
            continue;
        }
        auto& use = uses_[path];
        ++use.extent_count;
        use.disk_bytes += extent.disk_bytes();
        use.sole_disk_bytes += referrers_[path] == all_referrers ? extent.disk_bytes() : 0;
        use.wasted_bytes += extent.wasted_bytes();
        use.kinds[static_cast<std::size_t>(extent.kind())] +=
            {.disk_bytes = extent.disk_bytes(), .uncompressed_bytes = extent.ram_bytes()};
    }
}

void PathAccount::count_file(const FileId& file, const FilePart& part) {
    if (part.fragment_count > 1) {
        most_fragmented_.add({.file = file, .score = part.fragment_count, .bytes = part.data_bytes});
    }
    const auto count = [&](FileUse& use) {
        ++use.file_count;
        use.inline_count += part.inline_count;
        use.fragment_count += part.fragment_count;
        use.files_with_data += part.has_data ? 1 : 0;
        use.fragmented_files += part.fragment_count > 1 ? 1 : 0;
        use.kinds[static_cast<std::size_t>(part.inline_kind)] += {.disk_bytes = part.inline_disk_bytes,
                                                                  .uncompressed_bytes = part.inline_ram_bytes,
                                                                  .referenced_bytes = part.inline_ram_bytes};
    };
    for (const auto& entry : asked_.find(file)) {
        count(uses_[entry.path]);
    }
    count(uses_.back());
}

void PathAccount::put_parts_together() {
    std::ranges::sort(
        parts_, {}, [](const LeafPart& one) { return std::tuple(one.file, one.part.has_data, one.part.file_offset); });
    for (std::size_t at = 0; at < parts_.size();) {
        auto whole = parts_[at];
        for (++at; at < parts_.size() && parts_[at].file == whole.file; ++at) {
            whole.part.append(parts_[at].part);
        }
        count_file(whole.file, whole.part);
    }
    parts_.clear();
}

std::vector<FileUse> PathAccount::of_paths() {
    put_parts_together();
    for (std::size_t path = 0; path < uses_.size(); ++path) {
        uses_[path].set_shared_bytes = set_shared_[path].bytes();
    }
    return {uses_.begin(), uses_.end() - 1};
}

FileUse PathAccount::of_all() {
    of_paths();
    return uses_.back();
}

} // namespace btrkit::usage

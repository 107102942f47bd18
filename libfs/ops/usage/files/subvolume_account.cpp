// SPDX-License-Identifier: MIT
#include "libfs/ops/usage/files/subvolume_account.h"

namespace btrkit::usage {

using namespace survey;

SubvolumeAccount::SubvolumeAccount(const FileTrees& trees, TreeSets& sets, WorstFiles& most_fragmented)
    : trees_(trees), sets_(sets), most_fragmented_(most_fragmented), sums_(trees.count()),
      set_shared_(trees.count(), sets) {}

void SubvolumeAccount::accept(const ScanStep& step, std::span<const FilePart> parts) {
    using Kind = ScanStep::Kind;
    const u64 address = step.promise.address.bytenr;
    switch (step.kind) {
    case Kind::tree_begin:
        root_ = static_cast<u32>(step.root);
        path_.clear();
        [[fallthrough]];
    case Kind::node_begin: path_.emplace_back(); return;
    case Kind::leaf: {
        auto stretch = Stretch::of(parts, settler(step.is_first));
        add(stretch);
        if (step.keep) {
            kept_.insert_or_assign(address, std::move(stretch));
        }
        return;
    }
    case Kind::again: return add(kept_[address]);
    case Kind::lost: path_.back().close(settler(step.is_first)); return;
    case Kind::node_end: {
        const auto stretch = std::move(path_.back());
        path_.pop_back();
        add(stretch);
        if (step.keep) {
            kept_.insert_or_assign(address, stretch);
        }
        return;
    }
    case Kind::tree_end: return finish_tree(root_);
    }
}

/// Whose parts were listed when they were first seen are not listed again.
SettleFile SubvolumeAccount::settler(bool is_first) {
    if (!is_first) {
        return {};
    }
    return [this](const FilePart& file) {
        if (file.fragment_count > 1) {
            most_fragmented_.add(
                {.file = {.root = root_, .inode = file.inode}, .score = file.fragment_count, .bytes = file.data_bytes});
        }
    };
}

void SubvolumeAccount::add(const Stretch& stretch) {
    path_.back().append(stretch, settler(true));
}

void SubvolumeAccount::finish_tree(u32 number) {
    path_.back().close(settler(true));
    sums_[number] = path_.back().sums;
    path_.clear();
}

SubvolumeAccount::SetUse& SubvolumeAccount::use_of(RootSets::Id set) {
    if (uses_.size() <= set) {
        uses_.resize(std::max<std::size_t>(sets_.sets().part_count(), set + 1));
    }
    return uses_[set];
}

void SubvolumeAccount::accept(const ExtentGroup& extent) {
    auto& use = use_of(extent.roots);
    ++use.extent_count;
    use.disk_bytes += extent.disk_bytes();
    use.wasted_bytes += extent.wasted_bytes();
    use.kinds[static_cast<std::size_t>(extent.kind())] +=
        {.disk_bytes = extent.disk_bytes(), .uncompressed_bytes = extent.ram_bytes()};
    for (const auto& ref : extent.refs) {
        auto& own = use_of(ref.roots);
        ++own.ref_count;
        own.total_bytes += ref.num_bytes;
        own.shared_bytes += extent.is_shared ? ref.num_bytes : 0;
        own.kinds[static_cast<std::size_t>(ref.kind)].referenced_bytes += ref.num_bytes;
    }
    if (extent.is_shared) {
        count_set_shared(extent);
    }
}

void SubvolumeAccount::count_set_shared(const ExtentGroup& extent) {
    std::vector<std::pair<Range, RootSets::Id>> ranges;
    ranges.reserve(extent.refs.size());
    for (const auto& ref : extent.refs) {
        ranges.emplace_back(ref.fiemap_range(), ref.roots);
    }
    std::ranges::sort(ranges);
    for (const auto& [range, roots] : ranges) {
        set_shared_.add(range, roots);
        if (has_live(roots)) {
            all_shared_.add(range);
        }
    }
}

bool SubvolumeAccount::has_live(RootSets::Id set) {
    const auto [known, is_new] = has_live_.try_emplace(set);
    if (is_new) {
        known->second = std::ranges::any_of(sets_.members(set), [this](u32 number) { return trees_.is_live(number); });
    }
    return known->second;
}

namespace {

void put_sums(FileUse& use, const FileSums& sums) {
    use.file_count += sums.file_count;
    use.inline_count += sums.inline_count;
    use.fragment_count += sums.fragment_count;
    use.files_with_data += sums.files_with_data;
    use.fragmented_files += sums.fragmented_files;
    for (std::size_t kind = 0; kind < data_kind_count; ++kind) {
        use.kinds[kind] += sums.inline_uses[kind];
    }
}

} // namespace

std::vector<FileUse> SubvolumeAccount::of_trees() {
    const auto& sets = sets_.sets();
    const auto member_counts = sets.member_counts();
    std::vector<FileUse> found(trees_.count());
    std::vector<u64> weights(sets.part_count());
    // One number of all sets at a time: to the members of each, or to those that have it alone.
    const auto spread = [&](auto&& number_of, auto&& put, bool alone = false) {
        for (std::size_t set = 0; set < weights.size(); ++set) {
            weights[set] = set < uses_.size() && (!alone || member_counts[set] == 1) ? number_of(uses_[set]) : 0;
        }
        const auto sums = sets.sum_by_root(weights);
        for (std::size_t number = 0; number < found.size(); ++number) {
            put(found[number], sums[number]);
        }
    };
    spread([](const SetUse& use) { return use.extent_count; }, [](FileUse& use, u64 sum) { use.extent_count = sum; });
    spread([](const SetUse& use) { return use.wasted_bytes; }, [](FileUse& use, u64 sum) { use.wasted_bytes = sum; });
    spread([](const SetUse& use) { return use.disk_bytes; }, [](FileUse& use, u64 sum) { use.disk_bytes = sum; });
    spread([](const SetUse& use) { return use.disk_bytes; }, [](FileUse& use, u64 sum) { use.sole_disk_bytes = sum; },
           true);
    spread([](const SetUse& use) { return use.ref_count; }, [](FileUse& use, u64 sum) { use.ref_count = sum; });
    spread([](const SetUse& use) { return use.total_bytes; }, [](FileUse& use, u64 sum) { use.total_bytes = sum; });
    spread([](const SetUse& use) { return use.total_bytes - use.shared_bytes; },
           [](FileUse& use, u64 sum) { use.exclusive_bytes = sum; });
    for (std::size_t kind = 0; kind < data_kind_count; ++kind) {
        for (const auto member : {&KindUse::disk_bytes, &KindUse::uncompressed_bytes, &KindUse::referenced_bytes}) {
            spread([&](const SetUse& use) { return use.kinds[kind].*member; },
                   [&](FileUse& use, u64 sum) { use.kinds[kind].*member = sum; });
        }
    }
    const auto set_shared = set_shared_.bytes();
    for (u32 number = 0; number < trees_.count(); ++number) {
        put_sums(found[number], sums_[number]);
        found[number].set_shared_bytes = set_shared[number];
    }
    return found;
}

FileUse SubvolumeAccount::of_all() {
    FileUse all;
    RootSets::Id live = RootSets::empty;
    const auto each = of_trees();
    for (u32 number = 0; number < trees_.count(); ++number) {
        if (!trees_.is_live(number)) {
            continue;
        }
        live = sets_.sets().unite(live, sets_.sets().single(number));
        const auto& use = each[number];
        all.total_bytes += use.total_bytes;
        all.exclusive_bytes += use.exclusive_bytes;
        all.ref_count += use.ref_count;
        put_sums(all, sums_[number]);
        for (std::size_t kind = 0; kind < data_kind_count; ++kind) {
            all.kinds[kind].referenced_bytes +=
                use.kinds[kind].referenced_bytes - sums_[number].inline_uses[kind].referenced_bytes;
        }
    }
    const auto comparison = sets_.sets().compare_all(live);
    for (std::size_t set = 1; set < uses_.size(); ++set) {
        const auto& use = uses_[set];
        if (!comparison.meets[set]) {
            continue;
        }
        all.extent_count += use.extent_count;
        all.wasted_bytes += use.wasted_bytes;
        all.disk_bytes += use.disk_bytes;
        all.sole_disk_bytes += comparison.within[set] ? use.disk_bytes : 0;
        for (std::size_t kind = 0; kind < data_kind_count; ++kind) {
            all.kinds[kind].disk_bytes += use.kinds[kind].disk_bytes;
            all.kinds[kind].uncompressed_bytes += use.kinds[kind].uncompressed_bytes;
        }
    }
    all.set_shared_bytes = all_shared_.bytes();
    return all;
}

} // namespace btrkit::usage

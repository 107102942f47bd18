// SPDX-License-Identifier: MIT
// Volumes of every profile, rotten in random places: scrub must find exactly these, mend exactly those that can be
// mended, and leave everything else as it is. Codes met on the way: data-copies-differ, data-parity.
//
//   rot [--count N] [--seed S] [--kind NAME]     N cases over all volumes; those of seed S, S + 1, ...
//   rot --case NUMBER --kind NAME                one of them again, telling more
#include "tests/scrub/damage.h"
#include "tests/scrub/trial.h"
#include "tests/scrub/volume_kinds.h"
#include "tests/support/effort.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace btrkit;
using namespace btrkit::test;

namespace {

struct Options {
    u64 count = rounds(120, 2000);
    u64 seed = 1;
    std::string kind = {};
    std::optional<u64> only = {};
};

struct Tally {
    std::map<std::string, u64> numbers;
};

struct Snapshot {
    Pages changed;
    std::set<u64> unreadable;
};

/// One case: what was damaged, and what three scrubs and a second one say of it.
class Case {
public:
    Case(SampleVolume& volume, const std::vector<DamagePlace>& places, u64 seed, Tally& tally)
        : volume_(volume), random_(seed), tally_(tally) {
        taken_ = Damager(volume, places, seed).damage();
        missing_ = lost_devices(volume, taken_);
        if (random_() % 8 == 0) {
            devid_ = 1 + random_() % volume.kind().device_count;
            devid_ = missing_.contains(*devid_) ? std::nullopt : devid_;
        }
        expected_ = expect(volume, missing_, devid_);
    }

    Complaints run() {
        ++tally_.numbers["cases"];
        tally_.numbers["faults"] += expected_.faults.size();
        tally_.numbers["mendable"] += expected_.mendable.size();
        tally_.numbers["cases with vague ones"] += expected_.is_vague ? 1 : 0;
        const auto looked = look();
        if (looked.is_open) {
            mend();
        }
        return std::move(complaints_);
    }

    const Expectation& expected() const { return expected_; }
    const std::string& text() const { return text_; }
    const std::set<u64>& missing() const { return missing_; }

private:
    ScrubOrder order(bool repair) const { return {.missing = taken_, .devid = devid_, .repair = repair}; }

    ScrubOutcome look() {
        auto looked = scrub_volume(volume_, order(false));
        if (!looked.is_open) {
            ++tally_.numbers["cases that can't be opened"];
            return looked;
        }
        is_guided_ = looked.is_guided;
        if (!looked.changes.empty()) {
            complaints_.emplace_back("a scrub that was not asked to repair has written");
        }
        if (is_guided_) {
            compare(volume_, expected_, order(false), looked.report, complaints_);
            text_ = text_of(looked.report);
        } else {
            ++tally_.numbers["cases without guidance"];
        }
        auto many = order(false);
        many.threads = 3;
        const auto again = scrub_volume(volume_, many);
        if (text_of(again.report) != text_of(looked.report)) {
            complaints_.push_back("three threads find something else:\n" + text_of(looked.report) + "and\n" +
                                  text_of(again.report));
        }
        if (is_guided_) {
            auto interrupted = order(false);
            interrupted.stop_after = 1 + random_() % 5;
            compare(volume_, expected_, interrupted, scrub_volume(volume_, interrupted).report, complaints_);
        }
        return looked;
    }

    void mend() {
        std::map<u64, Snapshot> before;
        for (const auto& disk : volume_.disks()) {
            before[disk->devid] = {disk->changed, disk->unreadable};
        }
        auto repair = order(true);
        repair.threads = 1 + static_cast<unsigned>(random_() % 3);
        const auto mended = scrub_volume(volume_, repair);
        for (const auto& change : mended.changes) {
            check_change(change, before);
        }
        if (!is_guided_) {
            return;
        }
        compare(volume_, expected_, repair, mended.report, complaints_);
        check_disks(before);
        const auto left = expect(volume_, missing_, devid_);
        compare(volume_, left, order(false), scrub_volume(volume_, order(false)).report, complaints_);
        if (std::ranges::any_of(left.faults, [](const auto& fault) {
                return fault.second.state == survey::Mend::State::mendable && !fault.second.is_vague;
            })) {
            complaints_.emplace_back("something that can be mended is left");
        }
    }

    /// Pristine bytes, and only where something was rotten.
    void check_change(const DeviceChange& change, const std::map<u64, Snapshot>& before) {
        if (change.kind == DeviceChange::Kind::flush) {
            return;
        }
        tally_.numbers["writes"] += 1;
        const auto disk = std::ranges::find(volume_.disks(), change.device, [](const auto& it) { return it->name; });
        const u64 devid = (*disk)->devid;
        const auto [offset, length] = change.place;
        if (change.bytes != (*disk)->pristine_at(offset, length)) {
            complaints_.push_back(fmt::format("wrong bytes written to {} at {}", change.device, offset));
        }
        const Snapshot& was = before.at(devid);
        const auto is_touched = [&](const auto& pages) {
            const auto first = pages.lower_bound(offset / page_bytes);
            return first != pages.end() && page_of(*first) < (offset + length) / page_bytes;
        };
        if (!is_touched(was.changed) && !is_touched(was.unreadable)) {
            complaints_.push_back(fmt::format("whole bytes of {} at {} written anew", change.device, offset));
        }
    }
    static u64 page_of(u64 number) { return number; }
    static u64 page_of(const Pages::value_type& page) { return page.first; }

    void check_disks(const std::map<u64, Snapshot>& before) {
        std::map<u64, std::map<u64, bool>> mendable; ///< by devid and page: whether it must have been mended
        const auto mark = [&](const std::vector<SpotRange>& ranges, bool must) {
            for (const auto& [spot, length] : ranges) {
                for (u64 done = 0; done < length; done += page_bytes) {
                    mendable[spot.devid].try_emplace((spot.offset + done) / page_bytes, must);
                }
            }
        };
        mark(expected_.mendable, true);
        mark(expected_.maybe_mendable, false);
        for (const auto& disk : volume_.disks()) {
            const auto& mended_here = mendable[disk->devid];
            std::set<u64> pages = before.at(disk->devid).unreadable;
            for (const auto& [number, page] : disk->changed) {
                pages.insert(number);
            }
            for (const u64 number : pages) {
                const auto mended = mended_here.find(number);
                Fate fate = Fate::left;
                if (mended != mended_here.end()) {
                    fate = mended->second ? Fate::mended : Fate::either;
                }
                check_page(*disk, number, before.at(disk->devid), fate);
            }
        }
    }

    enum class Fate { left, mended, either };

    void check_page(const Disk& disk, u64 number, const Snapshot& before, Fate fate) {
        const bool is_pristine = disk.is_whole(number * page_bytes, page_bytes);
        const auto old = before.changed.find(number);
        const auto now = disk.changed.find(number);
        const bool is_same = (old == before.changed.end()) == (now == disk.changed.end()) &&
                             (old == before.changed.end() || old->second == now->second) &&
                             before.unreadable.contains(number) == disk.unreadable.contains(number);
        const bool is_right = fate == Fate::left ? is_same || (is_pristine && old == before.changed.end())
                                                 : is_pristine || (fate == Fate::either && is_same);
        if (!is_right) {
            complaints_.push_back(
                fmt::format("{} at {}: {}", disk.name, number * page_bytes,
                            fate == Fate::left ? "must have been left alone" : "must have been mended"));
        }
    }

    SampleVolume& volume_;
    std::mt19937_64 random_;
    Tally& tally_;
    std::set<u64> taken_;
    std::set<u64> missing_;
    std::optional<u64> devid_;
    Expectation expected_;
    bool is_guided_ = false;
    std::string text_;
    Complaints complaints_;
};

u64 number_in(std::string_view text) {
    u64 number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::optional<Options> parse(std::span<char*> arguments) {
    Options options;
    for (std::size_t i = 1; i + 1 < arguments.size(); i += 2) {
        const std::string_view name = arguments[i];
        const std::string_view value = arguments[i + 1];
        if (name == "--count") {
            options.count = number_in(value);
        } else if (name == "--seed") {
            options.seed = number_in(value);
        } else if (name == "--kind") {
            options.kind = value;
        } else if (name == "--case") {
            options.only = number_in(value);
        } else {
            return std::nullopt;
        }
    }
    if (arguments.size() % 2 == 0 || (options.only && options.kind.empty())) {
        return std::nullopt;
    }
    return options;
}

bool try_case(SampleVolume& volume, const std::vector<DamagePlace>& places, u64 number, bool is_only, Tally& tally) {
    Case trial(volume, places, number, tally);
    const auto complaints = trial.run();
    volume.revert();
    if (is_only) {
        fmt::print("{} faults expected, devices lost: {}\n", trial.expected().faults.size(),
                   fmt::join(trial.missing(), " "));
        for (const auto& [place, fault] : trial.expected().faults) {
            fmt::print("  {} {} logical {}: {}\n", place.device, place.offset, place.logical, describe(fault));
        }
        fmt::print("found:\n{}", trial.text());
    }
    if (complaints.empty()) {
        return true;
    }
    fmt::print("FAIL rot --kind {} --case {}\n", volume.kind().name, number);
    const std::size_t told = is_only ? complaints.size() : std::min<std::size_t>(complaints.size(), 4);
    for (std::size_t i = 0; i < told; ++i) {
        fmt::print("  {}\n", complaints[i]);
    }
    return false;
}

} // namespace

int main(int argc, char** argv) {
    const auto options = parse(std::span(argv, static_cast<std::size_t>(argc)));
    if (!options) {
        fmt::print(stderr, "rot [--count N] [--seed S] [--kind NAME] | --case NUMBER --kind NAME\n");
        return 2;
    }
    auto kinds = volume_kinds();
    if (!options->kind.empty()) {
        std::erase_if(kinds, [&](const VolumeKind& kind) { return kind.name != options->kind; });
    }
    Tally tally;
    u64 failures = 0;
    const u64 each = (options->count + kinds.size() - 1) / std::max<std::size_t>(kinds.size(), 1);
    for (const VolumeKind& kind : kinds) {
        SampleVolume volume(kind);
        const auto places = damage_places(volume);
        for (u64 i = 0; i < (options->only ? 1 : each); ++i) {
            const u64 number = options->only.value_or(options->seed + i);
            failures += try_case(volume, places, number, options->only.has_value(), tally) ? 0 : 1;
        }
    }
    for (const auto& [name, number] : tally.numbers) {
        fmt::print("{}: {}\n", name, number);
    }
    fmt::print("{} volumes, {} failures\n", kinds.size(), failures);
    return failures == 0 && tally.numbers["cases"] > 0 ? 0 : 1;
}

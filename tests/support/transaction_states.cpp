// SPDX-License-Identifier: MIT
#include "tests/support/transaction_states.h"

#include "libfs/io/overlay_device.h"
#include "libfs/volume/superblock_places.h"
#include "tests/support/device_layer.h"
#include "tests/support/filesystem_portrait.h"
#include "tests/support/image_bytes.h"

#include <array>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <xxhash.h>

namespace btrkit::test {

namespace {

constexpr u64 first_offset = btrfs::superblock_offsets.front();

/// Pages of the gathered bytes that were read, by device.
using PagesRead = std::map<std::string, std::set<u64>>;

/// A device in a crash state whose first superblock may have been restored. Notes what is read of what the change
/// touches.
class StateDevice final : public BlockDevice {
public:
    StateDevice(const BlockDevice& before, const TouchedPlaces& places, const SparseBytes& gathered,
                PagesRead* pages_read = nullptr)
        : crashed_(before, places, gathered), places_(&places), pages_read_(pages_read) {}

    const std::string& name() const override { return crashed_.name(); }
    u64 size_bytes() const override { return crashed_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(crashed_.read(offset, out));
        if (pages_read_ != nullptr) {
            const auto pages = places_->gathered_pages(name(), offset, out.size());
            (*pages_read_)[name()].insert(pages.begin(), pages.end());
        }
        const u64 from = std::max(offset, first_offset);
        const u64 until = std::min(offset + out.size(), first_offset + btrfs::superblock_size);
        if (restored_ && from < until) {
            const auto bytes = as_bytes_of(*restored_).subspan(from - first_offset, until - from);
            std::ranges::copy(bytes, out.subspan(from - offset, until - from).begin());
        }
        return {};
    }

    enum class First { valid, torn, lost };
    /// Looks at the first superblock; where it is not valid, a mirror's content takes its place, if one is valid.
    First look_at_first_superblock() {
        Problems problems;
        const auto copies = read_superblock_copies(*this, problems);
        if (!copies.empty() && copies.front().valid()) {
            return First::valid;
        }
        const auto* mirror = newest_valid(copies);
        if (mirror == nullptr) {
            return First::lost;
        }
        restored_ = sealed_copy(mirror->super, first_offset);
        return First::torn;
    }

private:
    CrashedDevice crashed_;
    const TouchedPlaces* places_;
    PagesRead* pages_read_;
    std::optional<btrfs::Superblock> restored_;
};

/// All devices of one state.
std::vector<std::unique_ptr<StateDevice>> state_devices(const std::vector<const BlockDevice*>& before,
                                                        const TouchedPlaces& places, const DeviceContents& gathered,
                                                        PagesRead* pages_read = nullptr) {
    std::vector<std::unique_ptr<StateDevice>> devices;
    for (const auto* device : before) {
        devices.push_back(std::make_unique<StateDevice>(*device, places, gathered.at(device->name()), pages_read));
    }
    return devices;
}

using StateHash = std::pair<u64, u64>;

StateHash hash_on(const StateHash& hash, Bytes bytes) {
    const auto next = XXH3_128bits_withSeed(bytes.data(), bytes.size(), hash.first ^ hash.second);
    return {next.high64, next.low64};
}

StateHash hash_of(const DeviceContents& contents) {
    StateHash hash = {0, 0};
    for (const auto& [name, bytes] : contents) {
        for (u64 at = 0; at < bytes.size(); at += SparseBytes::page_bytes) {
            hash = hash_on(hash, bytes.part(at));
        }
    }
    return hash;
}

/// count of them, spread evenly over [begin, end) of `from`.
void take_spread(const std::vector<std::size_t>& from, std::size_t count, std::set<std::size_t>& chosen) {
    count = std::min(count, from.size());
    for (std::size_t i = 0; i < count; ++i) {
        chosen.insert(from[i * from.size() / count]);
    }
}

struct Verdict {
    bool has_superblocks = true; ///< else there is nothing to judge
    bool is_torn = false;
    bool is_new = false;
    std::string why_wrong = {};
};

/// The verdicts on states by what was read of them. Reading is a matter of what is read alone: it begins with the same
/// places, and where it goes on to depends on the bytes that it has found. So two states that are alike in all places
/// that were read of one of them are read, and judged, alike.
class KnownVerdicts {
public:
    const Verdict* find(const DeviceContents& state) const {
        for (const auto& [pages, verdicts] : known_) {
            if (const auto found = verdicts.find(hash_of_pages(state, pages)); found != verdicts.end()) {
                return &found->second;
            }
        }
        return nullptr;
    }
    const Verdict& add(const DeviceContents& state, const PagesRead& pages, Verdict verdict) {
        return known_[pages].emplace(hash_of_pages(state, pages), std::move(verdict)).first->second;
    }

private:
    static StateHash hash_of_pages(const DeviceContents& state, const PagesRead& pages) {
        StateHash hash = {0, 0};
        for (const auto& [device, offsets] : pages) {
            for (const u64 offset : offsets) {
                hash = hash_on(hash, state.at(device).part(offset).first(TouchedPlaces::page_bytes));
            }
        }
        return hash;
    }

    std::map<PagesRead, std::map<StateHash, Verdict>> known_;
};

/// Judges one state after the other, and counts.
class Judge {
public:
    Judge(const std::vector<const BlockDevice*>& before_devices, const TouchedPlaces& places, Portrait before,
          Portrait after, const StatesChoice& choice, std::size_t to_be_judged)
        : before_devices_(before_devices), places_(places), before_(std::move(before)), after_(std::move(after)),
          choice_(choice),
          export_step_(choice.most_exported == 0 ? 0 : std::max<std::size_t>(1, to_be_judged / choice.most_exported)) {}

    void judge(const CrashState& state, StatesReport& report) {
        const Verdict* verdict = known_.find(state.contents);
        if (verdict == nullptr) {
            ++report.read;
            PagesRead pages;
            auto fresh = read(state, pages);
            verdict = &known_.add(state.contents, pages, std::move(fresh));
        }
        if (!verdict->has_superblocks) {
            ++report.without_superblock;
            return;
        }
        ++report.judged;
        report.torn += verdict->is_torn ? 1 : 0;
        if (!verdict->why_wrong.empty()) {
            report.wrong.push_back(fmt::format("behind change {}, {}: {}", state.cut, state.what, verdict->why_wrong));
            return;
        }
        ++(verdict->is_new ? report.were_new : report.were_old);
        if (export_step_ != 0 && report.judged % export_step_ == 0 && report.exported < choice_.most_exported) {
            auto devices = state_devices(before_devices_, places_, state.contents);
            for (const auto& device : devices) {
                device->look_at_first_superblock();
            }
            write_state(devices, fmt::format("state{}-{}", report.exported, verdict->is_new ? "new" : "old"));
            ++report.exported;
        }
    }

    template <class Devices>
    void write_state(const Devices& devices, std::string_view name) const {
        std::string line;
        for (std::size_t i = 0; i < devices.size(); ++i) {
            const auto path = fmt::format("{}/{}-dev{}.img", choice_.export_folder, name, i + 1);
            write_image(path, bytes_on(*devices[i]));
            line += (i == 0 ? "" : ",") + path;
        }
        std::ofstream(choice_.export_folder + "/list", std::ios::app) << line << '\n';
    }

private:
    Verdict read(const CrashState& state, PagesRead& pages) const {
        const auto devices = state_devices(before_devices_, places_, state.contents, &pages);
        Verdict verdict;
        for (const auto& device : devices) {
            const auto first = device->look_at_first_superblock();
            verdict.has_superblocks = verdict.has_superblocks && first != StateDevice::First::lost;
            verdict.is_torn = verdict.is_torn || first == StateDevice::First::torn;
        }
        if (verdict.has_superblocks) {
            const auto portrait = portrait_of(views_of(devices));
            verdict.why_wrong = portrait ? what_is_wrong(*portrait, before_, after_) : portrait.error().message;
            verdict.is_new = portrait && portrait->generation == after_.generation;
        }
        return verdict;
    }

    const std::vector<const BlockDevice*>& before_devices_;
    const TouchedPlaces& places_;
    Portrait before_;
    Portrait after_;
    KnownVerdicts known_;
    const StatesChoice& choice_;
    std::size_t export_step_; ///< of so many that are judged one is written; 0: none
};

} // namespace

Result<void> TransactionStates::record(const Commit& commit) {
    const auto record = std::make_shared<DeviceRecord>();
    Devices devices;
    std::vector<WritableDevice*> writable;
    for (const auto* device : before_) {
        auto recording =
            std::make_unique<RecordingDevice>(std::make_unique<OverlayDevice>(*device, OverlayDevice::Room{}), record);
        writable.push_back(recording.get());
        devices.push_back(std::move(recording));
    }
    auto done = commit(std::move(devices), writable);
    changes_ = std::move(record->changes);
    places_.emplace(changes_);
    gathered_ = places_->gathered(changes_);
    after_ = places_->gather(before_);
    for (const auto& change : gathered_) {
        if (change.kind == DeviceChange::Kind::write) {
            after_.at(change.device).write(change.place.offset, change.bytes);
        } else if (change.kind == DeviceChange::Kind::discard) {
            after_.at(change.device).zero(change.place.offset, change.place.length);
        }
    }
    return done;
}

Devices TransactionStates::after() const {
    Devices devices;
    for (auto& device : state_devices(before_, *places_, after_)) {
        devices.push_back(std::move(device));
    }
    return devices;
}

std::vector<std::string> TransactionStates::new_findings() const {
    return more_than(must_portray(after(), "after the change").findings,
                     must_portray(views_of(before_), "before the change").findings);
}

StatesReport TransactionStates::judge(const StatesChoice& choice) const {
    const CrashChoice crashes{
        .seed = choice.seed, .subsets = choice.subsets, .torn = choice.torn, .all_torn = choice.all_torn};
    const auto contents = places_->gather(before_);
    const auto first_super = std::ranges::find_if(changes_, [](const DeviceChange& change) {
        return change.place.length > 0 && touches_superblock(change.place.offset, change.place.length);
    });
    const auto super_cut = static_cast<std::size_t>(first_super - changes_.begin());

    // First the states are told from each other, which is cheap; then some are chosen and looked at.
    StatesReport report;
    std::set<StateHash> seen;
    std::vector<std::size_t> early; // numbers of distinct states
    std::vector<std::size_t> late;
    std::size_t number = 0;
    report.states = for_each_crash_state(contents, gathered_, crashes, [&](const CrashState& state) {
        if (seen.insert(hash_of(state.contents)).second) {
            (state.cut > super_cut ? late : early).push_back(number);
        }
        ++number;
    });
    report.distinct = seen.size();
    std::set<std::size_t> chosen;
    const auto late_count = std::min(
        late.size(), std::max(choice.most_judged / 2, choice.most_judged - std::min(choice.most_judged, early.size())));
    take_spread(late, late_count, chosen);
    take_spread(early, choice.most_judged - late_count, chosen);

    auto before = must_portray(views_of(before_), "before the change");
    auto after_change = must_portray(after(), "after the change");
    if (before.generation == after_change.generation) {
        throw std::runtime_error("the change has the generation of what it changes");
    }
    Judge judge(before_, *places_, std::move(before), std::move(after_change), choice, chosen.size());
    if (choice.most_exported > 0) {
        judge.write_state(before_, "whole-old");
        judge.write_state(after(), "whole-new");
    }
    number = 0;
    for_each_crash_state(contents, gathered_, crashes, [&](const CrashState& state) {
        if (chosen.contains(number++)) {
            judge.judge(state, report);
        }
    });
    return report;
}

} // namespace btrkit::test

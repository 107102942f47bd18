// SPDX-License-Identifier: MIT
#include "tests/support/transaction_states.h"

#include "libfs/fs/path_lookup.h"
#include "libfs/io/overlay_device.h"
#include "libfs/ops/check/check.h"
#include "libfs/volume/superblock_places.h"
#include "tests/support/tree_listing.h"

#include <array>
#include <fstream>
#include <set>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

namespace btrkit::test {

namespace {

constexpr u64 first_offset = btrfs::superblock_offsets.front();

/// A device in a crash state whose first superblock may have been restored.
class StateDevice final : public BlockDevice {
public:
    StateDevice(const BlockDevice& before, const TouchedPlaces& places, Bytes gathered)
        : crashed_(before, places, gathered) {}

    const std::string& name() const override { return crashed_.name(); }
    u64 size_bytes() const override { return crashed_.size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override {
        BTRKIT_TRY(crashed_.read(offset, out));
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
    std::optional<btrfs::Superblock> restored_;
};

/// All devices of one state.
std::vector<std::unique_ptr<StateDevice>> state_devices(const std::vector<const BlockDevice*>& before,
                                                        const TouchedPlaces& places, const DeviceContents& gathered) {
    std::vector<std::unique_ptr<StateDevice>> devices;
    for (const auto* device : before) {
        devices.push_back(std::make_unique<StateDevice>(*device, places, gathered.at(device->name())));
    }
    return devices;
}

/// Another device's bytes, for whoever wants to own a device.
class ViewDevice final : public BlockDevice {
public:
    explicit ViewDevice(const BlockDevice& below) : below_(&below) {}

    const std::string& name() const override { return below_->name(); }
    u64 size_bytes() const override { return below_->size_bytes(); }
    Result<void> read(u64 offset, MutableBytes out) const override { return below_->read(offset, out); }

private:
    const BlockDevice* below_;
};

template <class Device>
Devices views_of(const std::vector<Device>& devices) {
    Devices views;
    for (const auto& device : devices) {
        views.push_back(std::make_unique<ViewDevice>(*device));
    }
    return views;
}

/// What a state is known by.
struct Portrait {
    u64 generation = 0;
    TreeListing listing;
    survey::Findings findings;
};

Result<Portrait> portrait_of(Devices devices) {
    survey::Findings opening;
    BTRKIT_TRY_ASSIGN(const auto filesystem,
                      Filesystem::open(std::move(devices), {}, [&](const Problem& problem) { opening.add(problem); }));
    BTRKIT_TRY_ASSIGN(const auto top, find_path(filesystem, "/"));
    BTRKIT_TRY_ASSIGN(auto listing, list_image(filesystem, top));
    auto report = check::run(filesystem, std::move(opening), {.hash_seed = 1}, {});
    return Portrait{.generation = filesystem.super().generation,
                    .listing = std::move(listing),
                    .findings = std::move(report.findings)};
}

Portrait must_portray(Devices devices, std::string_view which) {
    auto portrait = portrait_of(std::move(devices));
    if (!portrait) {
        throw std::runtime_error(fmt::format("the filesystem {}: {}", which, portrait.error().message));
    }
    return std::move(*portrait);
}

/// Between the writing of two superblocks, with everything as it should be: mirrors and devices that are behind.
bool comes_with_a_cut(ProblemCode code) {
    return code == ProblemCode::super_mirror_stale || code == ProblemCode::super_mirror_invalid ||
           code == ProblemCode::super_mirror_differs || code == ProblemCode::device_stale;
}

/// The findings of codes that are found more often than in another portrait.
std::vector<std::string> more_than(const survey::Findings& findings, const survey::Findings& other) {
    std::vector<std::string> lines;
    for (const auto& finding : findings.all()) {
        if (findings.count(finding.problem.code) > other.count(finding.problem.code)) {
            lines.push_back(describe(finding.problem));
        }
    }
    return lines;
}

/// Empty: it is the same filesystem.
std::string how_it_differs(const Portrait& state, const Portrait& whole) {
    if (const auto differing = differences(state.listing, whole.listing, {}); !differing.empty()) {
        return differing.front();
    }
    for (const auto& finding : state.findings.all()) {
        const auto code = finding.problem.code;
        if (!comes_with_a_cut(code) && state.findings.count(code) > whole.findings.count(code)) {
            return describe(finding.problem);
        }
    }
    return {};
}

using StateHash = std::pair<u64, u64>;

StateHash hash_of(const DeviceContents& contents) {
    StateHash hash = {0, 0};
    for (const auto& [name, bytes] : contents) {
        const auto of_device = XXH3_128bits_withSeed(bytes.data(), bytes.size(), hash.first ^ hash.second);
        hash = {of_device.high64, of_device.low64};
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

Result<void> write_image(const BlockDevice& device, const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(device.size_bytes())) != 0) {
        return fail(ErrorKind::io, path + ": cannot be written");
    }
    std::vector<std::byte> bytes(u64{64} * kib);
    for (u64 at = 0; at < device.size_bytes(); at += bytes.size()) {
        const auto part = MutableBytes(bytes).first(std::min<u64>(bytes.size(), device.size_bytes() - at));
        BTRKIT_TRY(device.read(at, part));
        const bool is_hole = std::ranges::all_of(part, [](std::byte byte) { return byte == std::byte{0}; });
        if (!is_hole &&
            ::pwrite(fd.get(), part.data(), part.size(), static_cast<off_t>(at)) != static_cast<ssize_t>(part.size())) {
            return fail(ErrorKind::io, path + ": cannot be written");
        }
    }
    return {};
}

/// Judges one state after the other, and counts.
class Judge {
public:
    Judge(Portrait before, Portrait after, const StatesChoice& choice, std::size_t to_be_judged)
        : before_(std::move(before)), after_(std::move(after)), choice_(choice),
          export_step_(choice.most_exported == 0 ? 0 : std::max<std::size_t>(1, to_be_judged / choice.most_exported)) {}

    void judge(const std::vector<std::unique_ptr<StateDevice>>& devices, const CrashState& state,
               StatesReport& report) {
        bool is_torn = false;
        for (const auto& device : devices) {
            const auto first = device->look_at_first_superblock();
            if (first == StateDevice::First::lost) {
                ++report.without_superblock;
                return;
            }
            is_torn = is_torn || first == StateDevice::First::torn;
        }
        ++report.judged;
        report.torn += is_torn ? 1 : 0;
        if (const auto why = what_is_wrong(devices, report); !why.empty()) {
            report.wrong.push_back(fmt::format("behind change {}, {}: {}", state.cut, state.what, why));
        } else if (export_step_ != 0 && report.judged % export_step_ == 0 && report.exported < choice_.most_exported) {
            write_state(devices, report);
        }
    }

private:
    std::string what_is_wrong(const std::vector<std::unique_ptr<StateDevice>>& devices, StatesReport& report) const {
        const auto state = portrait_of(views_of(devices));
        if (!state) {
            return state.error().message;
        }
        if (state->generation != before_.generation && state->generation != after_.generation) {
            return fmt::format("it has generation {}", state->generation);
        }
        const bool is_new = state->generation == after_.generation;
        const auto why = how_it_differs(*state, is_new ? after_ : before_);
        (is_new ? report.were_new : report.were_old) += why.empty() ? 1 : 0;
        return why.empty() ? why : fmt::format("not what generation {} is: {}", state->generation, why);
    }

    void write_state(const std::vector<std::unique_ptr<StateDevice>>& devices, StatesReport& report) const {
        std::string line;
        for (std::size_t i = 0; i < devices.size(); ++i) {
            const auto path = fmt::format("{}/state{}-dev{}.img", choice_.export_folder, report.exported, i + 1);
            if (const auto written = write_image(*devices[i], path); !written) {
                throw std::runtime_error(written.error().message);
            }
            line += (i == 0 ? "" : ",") + path;
        }
        std::ofstream(choice_.export_folder + "/list", std::ios::app) << line << '\n';
        ++report.exported;
    }

    Portrait before_;
    Portrait after_;
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
            std::ranges::copy(change.bytes,
                              MutableBytes(after_.at(change.device)).subspan(change.place.offset).begin());
        } else if (change.kind == DeviceChange::Kind::discard) {
            std::ranges::fill(MutableBytes(after_.at(change.device)).subspan(change.place.offset, change.place.length),
                              std::byte{0});
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
    Judge judge(std::move(before), std::move(after_change), choice, chosen.size());
    number = 0;
    for_each_crash_state(contents, gathered_, crashes, [&](const CrashState& state) {
        if (chosen.contains(number++)) {
            judge.judge(state_devices(before_, *places_, state.contents), state, report);
        }
    });
    return report;
}

} // namespace btrkit::test

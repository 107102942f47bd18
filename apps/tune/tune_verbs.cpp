// SPDX-License-Identifier: MIT
#include "apps/tune/tune_verbs.h"

#include "apps/changing/label.h"
#include "apps/common/fresh_values.h"
#include "libfs/base/names.h"

namespace btrkit::apps {

namespace {

using Changes = Result<std::vector<tune::Change>>;

/// Features that are switched on and off.
struct Switch {
    std::string_view name;
    std::optional<bool> tune::SetFeatures::* value;
};
constexpr std::array switches = std::to_array<Switch>({
    {tune::free_space_tree_name, &tune::SetFeatures::has_free_space_tree},
    {tune::block_group_tree_name, &tune::SetFeatures::has_block_group_tree},
    {tune::seeding_name, &tune::SetFeatures::is_seed},
});

std::unexpected<Error> wrong(std::string what) {
    return fail(ErrorKind::usage, std::move(what));
}

void declare_label(CLI::App& app, TuneFlags& flags) {
    app.add_option("LABEL", flags.operands, "empty: none");
}

Changes make_label(const TuneFlags& flags) {
    if (flags.operands.size() != 1) {
        return wrong("one LABEL is required");
    }
    BTRKIT_TRY(check_label(flags.operands.front()));
    return std::vector<tune::Change>{tune::SetLabel{flags.operands.front()}};
}

void declare_new_uuid(CLI::App& app, TuneFlags& flags) {
    app.add_option("--uuid,-U", flags.uuid, "that one, for the same bytes each time; else a random one")
        ->option_text("UUID");
}

Changes make_new_uuid(const TuneFlags& flags) {
    const auto uuid = flags.uuid.empty() ? std::optional(random_uuid()) : parse_uuid(flags.uuid);
    if (!uuid || uuid->is_null()) {
        return wrong(fmt::format("--uuid: '{}' is no uuid that a filesystem can have", printable(flags.uuid)));
    }
    return std::vector<tune::Change>{tune::NewUuid{*uuid}};
}

void declare_set(CLI::App& app, TuneFlags& flags) {
    app.add_option("FEATURE", flags.operands)->required();
}

std::string feature_list() {
    std::string text = "only on: ";
    for (const auto& feature : tune::settable_features) {
        text += fmt::format("{}, ", feature.name);
    }
    text += "and on and off";
    for (const auto& feature : switches) {
        text += fmt::format("{} {}", &feature == switches.data() ? ":" : ",", feature.name);
    }
    return text;
}

/// Features as for mkfs -O: a ^ before one switches it off.
Changes make_set(const TuneFlags& flags) {
    tune::SetFeatures wanted;
    for (const std::string_view word : flags.operands) {
        const bool is_on = !word.starts_with('^');
        const auto name = word.substr(is_on ? 0 : 1);
        const auto* found = std::ranges::find(tune::settable_features, name, &tune::SettableFeature::name);
        const auto* found_switch = std::ranges::find(switches, name, &Switch::name);
        if (found_switch != switches.end()) {
            wanted.*found_switch->value = is_on;
        } else if (found == std::end(tune::settable_features)) {
            return wrong(fmt::format("'{}' can't be set; {}", printable(name), feature_list()));
        } else if (!is_on) {
            return wrong(fmt::format("{} can't be switched off: what is there may need it", name));
        } else {
            wanted.incompat_flags |= found->incompat_flag;
        }
    }
    return std::vector<tune::Change>{wanted};
}

void declare_quota_enable(CLI::App& app, TuneFlags& flags) {
    app.add_flag("-s,--simple", flags.is_simple, "simple ones, which count from now on what each has allocated");
}

Changes make_quota_enable(const TuneFlags& flags) {
    using Mode = tune::SetQuotas::Mode;
    return std::vector<tune::Change>{tune::SetQuotas{flags.is_simple ? Mode::simple : Mode::full}};
}

void declare_nothing(CLI::App&, TuneFlags&) {}

Changes make_quota_disable(const TuneFlags&) {
    return std::vector<tune::Change>{tune::SetQuotas{tune::SetQuotas::Mode::off}};
}

constexpr std::array all_verbs = std::to_array<TuneVerb>({
    {{"label"}, "LABEL", "set the label", declare_label, make_label},
    {{"new-uuid"}, "", "other ids for it, its devices and subvolumes", declare_new_uuid, make_new_uuid},
    {{"quota", "enable"}, "", "a quota group for each subvolume", declare_quota_enable, make_quota_enable},
    {{"quota", "disable"}, "", "take all quota groups away", declare_nothing, make_quota_disable},
    {{"set"}, "FEATURE...", "switch features on or off, or make it a seed", declare_set, make_set},
});

} // namespace

std::span<const TuneVerb> tune_verbs() {
    return all_verbs;
}

} // namespace btrkit::apps

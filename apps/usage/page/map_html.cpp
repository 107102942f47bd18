// SPDX-License-Identifier: MIT
#include "apps/usage/df_report.h"
#include "apps/usage/page/map_svg.h"
#include "apps/usage/page/markup.h"

#include <fmt/format.h>

namespace btrkit::apps {

using usage::MapReport;
using usage::SpaceReport;

namespace {

constexpr std::string_view page_css = R"(
html{color-scheme:light dark}
body{margin:1.5rem auto;padding:0 1rem;max-width:64rem;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.25rem}h2{font-size:1rem;margin:1.6rem 0 .4rem}
.map{width:100%;height:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.15rem .8rem .15rem 0;text-align:right;font-weight:normal}
td:first-child,th:first-child{text-align:left}
th{color:var(--dim);border-bottom:1px solid var(--track)}
.wide{overflow-x:auto}
.bar{display:flex;width:12rem;height:.7rem;background:var(--track);margin-left:auto}.bar i{display:block;background:var(--data)}
.bar .m{background:var(--meta)}.bar .s{background:var(--sys)}
label{margin-right:1rem}
)";

/// A few lines, so that one picture shows all three heats.
constexpr std::string_view page_script = R"(<script>
document.querySelectorAll('input[name=heat]').forEach(choice=>choice.onchange=()=>{
document.querySelector('.map').setAttribute('class','map '+choice.value)})
</script>
)";

std::string choices_html(Heat chosen) {
    std::string text = "<p>Colours by ";
    for (const auto& [heat, name] :
         {std::pair(Heat::fill, "how full it is"), std::pair(Heat::age, "age"), std::pair(Heat::pieces, "pieces")}) {
        text += fmt::format(R"(<label><input type="radio" name="heat" value="{}"{}> {}</label>)", heat_word(heat),
                            heat == chosen ? " checked" : "", name);
    }
    return text + "</p>\n";
}

std::string overall_html(const SpaceReport& space) {
    const auto& overall = space.overall;
    std::string text = "<table>\n";
    const auto put = [&](std::string_view name, const std::string& value) {
        text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", name, value);
    };
    put("Devices", size_text(overall.size_bytes));
    put("Given to block groups", size_text(overall.allocated_bytes));
    put("Used, with all copies", size_text(overall.used_bytes));
    put("Free (estimated)", size_text(overall.free_estimated_bytes));
    put("Free (df)", size_text(overall.free_statfs_bytes));
    return text + "</table>\n";
}

std::string_view css_of(u64 flags) {
    if ((flags & btrfs::block_group_data) != 0) {
        return "d";
    }
    return (flags & btrfs::block_group_system) != 0 ? "s" : "m";
}

std::string profiles_html(const SpaceReport& space) {
    std::string text = "<div class=\"wide\"><table>\n<tr><th>Block groups</th><th>Number</th><th>Size</th><th>Used</th>"
                       "<th>Free pieces</th><th>Largest</th><th>Full</th></tr>\n";
    for (const auto& profile : space.profiles) {
        const double part =
            100 * static_cast<double>(profile.used_bytes) / static_cast<double>(std::max<u64>(profile.total_bytes, 1));
        text += fmt::format("<tr><td>{}, {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td><div "
                            "class=\"bar\"><i class=\"{}\" style=\"width:{:.1f}%\"></i></div></td></tr>\n",
                            group_type_text(profile.flags), profile.profile().name, profile.group_count,
                            size_text(profile.total_bytes), size_text(profile.used_bytes), profile.free.count(),
                            size_text(profile.free.largest_bytes()), css_of(profile.flags), std::min(part, 100.0));
    }
    return text + "</table></div>\n";
}

} // namespace

std::string map_html(const MapReport& report, const PageStyle& style) {
    const std::string title = markup_text("btrfs, " + style.label);
    return fmt::format(
               "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0}</title>\n<style>{1}{2}</style>\n"
               "</head>\n<body>\n<h1>{0}</h1>\n",
               title, map_css(), page_css) +
           overall_html(report.space) + "<h2>What lies where</h2>\n" + choices_html(style.heat) +
           map_picture(report, style, false) + "<h2>Block groups</h2>\n" + profiles_html(report.space) +
           std::string(page_script) + "</body>\n</html>\n";
}

} // namespace btrkit::apps

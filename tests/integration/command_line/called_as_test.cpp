// Called active-monitor-controller, as manifests of active-monitor do, the program is the operator.

#include "integration/command_line/program.hpp"

namespace vedette::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

class CalledAs : public CommandLine {
protected:
    Ran called(std::string const& name, std::string const& arguments) {
        return shell(fmt::format("ln -sf \"$VEDETTE\" {0} && exec ./{0} {1}", name, arguments));
    }
};

TEST_F(CalledAs, ActiveMonitorsProgramIsTheOperator) {
    auto const ran = called("active-monitor-controller", "--help");
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr("--leader-elect"));
    EXPECT_THAT(ran.out, Not(HasSubstr("--cronjob")));
}

TEST_F(CalledAs, ItsFlagsMayHaveOneDashAsGoReadsThem) {
    auto const* flags =
        "-leader-elect -metrics-bind-address=0 -zap-log-level info --max-workers=3 -kubeconfig=not-there";
    auto const ran = called("active-monitor-controller", flags);
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("not-there"));
    EXPECT_EQ(called("active-monitor-controller", "operator --kubeconfig not-there").err, ran.err);
}

TEST_F(CalledAs, ByAnyOtherNameOneDashIsAMistake) {
    auto const ran = called("vedette-next", "operator -leader-elect");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, Not(HasSubstr("kubeconfig")));
}

}  // namespace
}  // namespace vedette::cli
